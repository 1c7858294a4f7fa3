#include <algorithm>
#include <cctype>

#include "hardware/file_reader.h"
#include "hardware/gpu/gpu_table.h"

namespace tlaunch {

std::vector<std::string> card_words(const std::string& name) {
  std::string text;
  for (const unsigned char c : name) text += std::isalnum(c) ? static_cast<char>(std::tolower(c)) : ' ';
  std::vector<std::string> words;
  for (std::string word : split_words(text)) {
    if ((word.starts_with("rtx") || word.starts_with("gtx")) && word.size() > 3) {
      words.push_back(word.substr(0, 3));
      word.erase(0, 3);
    }
    if (word.size() == 6 && std::isdigit(static_cast<unsigned char>(word[0])) && word.ends_with("ti")) {
      words.push_back(word.substr(0, 4));
      word = "ti";
    }
    words.push_back(word);
  }
  return words;
}

CardMatch find_card(const std::vector<std::string>& words) {
  CardMatch best;
  for (const GpuCard& card : gpu_table().cards) {
    for (const std::vector<std::string>& wanted : card.match) {
      if (best.words && wanted.size() <= best.words->size()) continue;
      if (std::search(words.begin(), words.end(), wanted.begin(), wanted.end()) != words.end()) best = {&card, &wanted};
    }
  }
  return best;
}

}  // namespace tlaunch
