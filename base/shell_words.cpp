#include "base/shell_words.h"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <string_view>

#include "base/error.h"
#include "base/text.h"

namespace tlaunch {
namespace {

// `first_end`: offset of the end of the first word.
std::vector<std::string> split(const std::string& text, std::size_t& first_end) {
  first_end = text.size();
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;  // '' is a word too
  char quote = 0;        // the open quote; 0: none
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (quote == '\'') {
      if (c == quote)
        quote = 0;
      else
        word += c;
      continue;
    }
    if (c == '\\') {
      if (++at == text.size()) throw UsageError(format_text("the command ends with a backslash: {}", text));
      const char next = text[at];
      if (next == '\n') continue;  // the line continues
      if (quote == '"' && std::strchr("$`\"\\", next) == nullptr) word += c;
      word += next;
      in_word = true;
      continue;
    }
    if (quote == '"') {
      if (c == quote)
        quote = 0;
      else
        word += c;
      continue;
    }
    if (c == ' ' || c == '\t' || c == '\n') {
      if (in_word && words.empty()) first_end = at;
      if (in_word) words.push_back(std::move(word));
      word.clear();
      in_word = false;
      continue;
    }
    in_word = true;
    if (c == '\'' || c == '"')
      quote = c;
    else
      word += c;
  }
  if (quote != 0) throw UsageError(format_text("the command has a {} that is not closed: {}", quote, text));
  if (in_word) words.push_back(std::move(word));
  return words;
}

bool is_plain(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
         std::string_view("_./+:,@%=-").find(c) != std::string::npos;
}

// Quoted so that a shell reads it as one word.
std::string quoted_word(const std::string& word) {
  if (!word.empty() && std::all_of(word.begin(), word.end(), is_plain)) return word;
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

}  // namespace

std::vector<std::string> shell_words(const std::string& text) {
  std::size_t first_end = 0;
  return split(text, first_end);
}

std::string with_first_word(const std::string& text, const std::string& word) {
  std::size_t first_end = 0;
  split(text, first_end);
  return quoted_word(word) + text.substr(first_end);
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
