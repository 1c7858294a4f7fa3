#include "processes/output/clean_text.h"

#include <cstddef>

namespace tlaunch {

namespace {

// Bytes of the terminal escape at `at` (ESC [ parameters letter, or ESC and one byte).
std::size_t escape_length(std::string_view text, std::size_t at) {
  if (at + 1 >= text.size()) return 1;
  if (text[at + 1] != '[') return 2;
  std::size_t end = at + 2;
  while (end < text.size() && (text[end] < '@' || text[end] > '~')) ++end;
  return end + 1 - at;
}

// Bytes of the well-formed UTF-8 character at `at`; 0 if there is none.
std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0u; };
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool overlong = first == 0xE0 && byte(1) < 0xA0, surrogate = first == 0xED && byte(1) >= 0xA0;
    return follows(1) && follows(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool overlong = first == 0xF0 && byte(1) < 0x90, too_high = first == 0xF4 && byte(1) >= 0x90;
    return follows(1) && follows(2) && follows(3) && !overlong && !too_high ? 4 : 0;
  }
  return 0;
}

}  // namespace

std::string clean_text(std::string_view text) {
  std::string clean;
  for (std::size_t at = 0; at < text.size();) {
    const unsigned char byte = static_cast<unsigned char>(text[at]);
    if (byte == 0x1b) {
      at += escape_length(text, at);
    } else if (byte == '\t') {
      clean += ' ';
      ++at;
    } else if (byte < 0x20 || byte == 0x7f) {
      clean += '?';
      ++at;
    } else if (const std::size_t length = utf8_length(text, at); length > 0) {
      clean.append(text.substr(at, length));
      at += length;
    } else {
      clean += '?';
      ++at;
    }
  }
  return clean;
}

}  // namespace tlaunch
