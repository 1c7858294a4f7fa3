#include "processes/output/display_width.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace tlaunch {
namespace {

struct Character {
  char32_t code = 0;
  std::size_t bytes = 1;
};

Character first_of(std::string_view text) {
  const auto byte = static_cast<unsigned char>(text[0]);
  const std::size_t bytes = byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
  char32_t code = bytes == 1 ? byte : byte & (0x7Fu >> bytes);
  for (std::size_t i = 1; i < bytes && i < text.size(); ++i)
    code = code << 6 | (static_cast<unsigned char>(text[i]) & 0x3Fu);
  return {code, std::min(bytes, text.size())};
}

using Ranges = std::pair<char32_t, char32_t>;
// wcwidth(3) knows more, but only if the locale is set to UTF-8. These are the blocks that bars and names use.
constexpr std::array<Ranges, 5> without_width{
    {{0x300, 0x36F}, {0x200B, 0x200F}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFEFF, 0xFEFF}}};
constexpr std::array<Ranges, 9> wide{{{0x1100, 0x115F},
                                      {0x2E80, 0xA4CF},
                                      {0xAC00, 0xD7A3},
                                      {0xF900, 0xFAFF},
                                      {0xFE30, 0xFE6F},
                                      {0xFF00, 0xFF60},
                                      {0xFFE0, 0xFFE6},
                                      {0x1F300, 0x1FAFF},
                                      {0x20000, 0x3FFFD}}};

template <std::size_t Count>
bool holds(const std::array<Ranges, Count>& ranges, char32_t code) {
  for (const auto& [first, last] : ranges)
    if (code >= first && code <= last) return true;
  return false;
}

int width_of(char32_t code) { return holds(without_width, code) ? 0 : holds(wide, code) ? 2 : 1; }

}  // namespace

int display_width(std::string_view text) {
  int width = 0;
  while (!text.empty()) {
    const Character next = first_of(text);
    width += width_of(next.code);
    text.remove_prefix(next.bytes);
  }
  return width;
}

std::string_view cut_to_width(std::string_view text, int columns) {
  std::size_t length = 0;
  while (length < text.size()) {
    const Character next = first_of(text.substr(length));
    columns -= width_of(next.code);
    if (columns < 0) break;
    length += next.bytes;
  }
  return text.substr(0, length);
}

}  // namespace tlaunch
