#include "base/text.h"

#include <fmt/args.h>
#include <fmt/format.h>

#include <iterator>

namespace tlaunch {

std::string format_values(const char* pattern, std::initializer_list<TextValue> values) {
  fmt::dynamic_format_arg_store<fmt::format_context> store;
  for (const TextValue& value : values) std::visit([&](const auto& plain) { store.push_back(plain); }, value.value());
  return fmt::vformat(pattern, store);
}

std::string joined(const std::vector<std::string>& parts, std::string_view separator) {
  std::string text;
  for (const std::string& part : parts) {
    if (part.empty()) continue;
    if (!text.empty()) text += separator;
    text += part;
  }
  return text;
}

std::string either(const std::vector<std::string>& parts) {
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    text += i == 0 ? "" : i + 1 < parts.size() ? ", " : " or ";
    text += parts[i];
  }
  return text;
}

std::string printable(const std::string& text, std::size_t most) {
  std::string out;
  for (const char c : text) {
    if (out.size() >= most) {
      // Not within a UTF-8 sequence.
      while (!out.empty() && (static_cast<unsigned char>(out.back()) & 0xC0) == 0x80) out.pop_back();
      if (!out.empty() && (static_cast<unsigned char>(out.back()) & 0xC0) == 0xC0) out.pop_back();
      return out + "...";
    }
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f)
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", byte);
    else
      out += c;
  }
  return out;
}

std::string quoted(const std::string& text) { return "'" + printable(text, 60) + "'"; }

}  // namespace tlaunch
