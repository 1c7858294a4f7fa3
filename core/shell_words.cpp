#include "core/shell_words.h"

#include <cstring>

#include "core/error.h"

namespace tlaunch {

std::vector<std::string> shell_words(const std::string& text) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;  // '' is a word too
  char quote = 0;        // the one that is open
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (quote == '\'') {
      if (c == quote) quote = 0;
      else word += c;
      continue;
    }
    if (c == '\\') {
      if (++at == text.size()) throw UsageError("a command ends with a backslash: " + text);
      const char next = text[at];
      if (next == '\n') continue;  // the line goes on
      if (quote == '"' && std::strchr("$`\"\\", next) == nullptr) word += c;
      word += next;
      in_word = true;
      continue;
    }
    if (quote == '"') {
      if (c == quote) quote = 0;
      else word += c;
      continue;
    }
    if (c == ' ' || c == '\t' || c == '\n') {
      if (in_word) words.push_back(std::move(word));
      word.clear();
      in_word = false;
      continue;
    }
    in_word = true;
    if (c == '\'' || c == '"') quote = c;
    else word += c;
  }
  if (quote != 0) throw UsageError(std::string("a command has a ") + quote + " without its end: " + text);
  if (in_word) words.push_back(std::move(word));
  return words;
}

bool is_command(const std::string& text) {
  try {
    const auto words = shell_words(text);
    return !words.empty() && !words.front().empty();
  } catch (const UsageError&) {
    return false;
  }
}

}  // namespace tlaunch
