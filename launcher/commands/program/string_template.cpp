#include "launcher/commands/program/string_template.h"

#include <string_view>

namespace tlaunch {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

// The name at the start of `text`; "" if there is none.
std::string_view name_at(std::string_view text) {
  std::size_t length = 0;
  while (length < text.size() &&
         (is_letter(text[length]) || (length > 0 && text[length] >= '0' && text[length] <= '9')))
    ++length;
  return text.substr(0, length);
}

}  // namespace

std::string safe_substitute(const std::string& text, const std::map<std::string, std::string>& values) {
  std::string filled;
  std::string_view rest = text;
  for (std::size_t at = rest.find('$'); at != std::string_view::npos; at = rest.find('$')) {
    filled += rest.substr(0, at);
    rest.remove_prefix(at);
    const bool braces = rest.substr(1).starts_with('{');
    const std::string_view name = name_at(rest.substr(braces ? 2 : 1));
    std::size_t length = 1;
    if (rest.substr(1).starts_with('$')) {
      filled += '$';
      length = 2;
    } else if (name.empty() || (braces && !rest.substr(2 + name.size()).starts_with('}'))) {
      filled += '$';
    } else {
      length = name.size() + (braces ? 3 : 1);
      const auto value = values.find(std::string(name));
      filled += value == values.end() ? rest.substr(0, length) : std::string_view(value->second);
    }
    rest.remove_prefix(length);
  }
  return filled += rest;
}

}  // namespace tlaunch
