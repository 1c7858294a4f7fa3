// Splits a command into words by the quoting rules of a POSIX shell. Pure.
#pragma once

#include <string>
#include <vector>

namespace tlaunch {

// Only quotes and backslashes have a meaning. Nothing is expanded, and $, *, |, ; and # are ordinary characters. Throws
// UsageError for an unclosed quote or a backslash at the end.
std::vector<std::string> shell_words(const std::string& text);

// Replaces the first word of `text` by `word`, quoted if needed. The rest stays as written.
std::string with_first_word(const std::string& text, const std::string& word);

// Whether the text splits into words and the first one is not empty.
bool is_command(const std::string& text);

}  // namespace tlaunch
