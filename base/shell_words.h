// A command's text split into words as a POSIX shell quotes them. Pure.
#pragma once

#include <string>
#include <vector>

namespace tlaunch {

// Quotes and backslashes count; nothing is expanded, and $, *, |, ; and # are letters like others. Throws UsageError
// for a quote without its end, or a backslash with nothing behind it.
std::vector<std::string> shell_words(const std::string& text);

// The text with another first word, which is quoted where it must be; what follows stays as it is written.
std::string with_first_word(const std::string& text, const std::string& word);

// Whether the text splits into words, the first of them not empty.
bool is_command(const std::string& text);

}  // namespace tlaunch
