#include "base/name_template.h"

#include <charconv>
#include <cmath>
#include <cstdio>

#include "base/error.h"
#include "base/text.h"

namespace tlaunch {
namespace {

constexpr int most_digits = 20;

// Takes the number at the front of `text`; -1: there is none.
int take_number(std::string_view& text) {
  int number = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return -1;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

std::string printed(double value, bool zeros, int width, int precision, char type) {
  char format[16], text[400];
  if (!std::isfinite(value)) return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
  if (type == 'd') {
    std::snprintf(format, sizeof format, zeros ? "%%0*lld" : "%%*lld");
    std::snprintf(text, sizeof text, format, width, static_cast<long long>(std::llround(value)));
  } else {
    std::snprintf(format, sizeof format, zeros ? "%%0*.*%c" : "%%*.*%c", type == 0 ? 'g' : type);
    std::snprintf(text, sizeof text, format, width, precision < 0 ? 6 : precision, value);
  }
  std::string name(text);
  for (char& c : name)
    if (c == ' ') c = '_';  // padding of a width without 0
  return name;
}

}  // namespace

NameTemplate::NameTemplate(const std::string& text) {
  if (text.empty()) throw UsageError("is empty");
  if (text.starts_with('.') || text.find('/') != std::string::npos)
    throw UsageError("a file name must not contain '/' or begin with a dot");
  for (std::size_t at = 0; at < text.size();) {
    const auto open = text.find('{', at), close = text.find('}', at);
    if (open == std::string::npos && close != std::string::npos) throw UsageError("'}' without '{'");
    if (open == std::string::npos) {
      parts_.push_back({.literal = text.substr(at)});
      return;
    }
    if (close == std::string::npos) throw UsageError("'{' without '}'");
    if (close < open) throw UsageError("'}' without '{'");
    if (open > at) parts_.push_back({.literal = text.substr(at, open - at)});
    parts_.push_back(parse_field(text.substr(open + 1, close - open - 1)));
    at = close + 1;
  }
}

NameTemplate::Part NameTemplate::parse_field(const std::string& field) {
  const auto colon = field.find(':');
  Part part{.name = field.substr(0, colon)};
  if (part.name.empty()) throw UsageError("a field {} has no name");
  if (colon == std::string::npos) return part;
  std::string_view format = std::string_view(field).substr(colon + 1);
  const auto refuse = [&] { return UsageError(format_text("{{{}}}: expected a format such as 02d or .3f", field)); };
  if (format.starts_with('0')) part.zeros = true, format.remove_prefix(1);
  part.width = std::max(0, take_number(format));
  if (format.starts_with('.')) {
    format.remove_prefix(1);
    part.precision = take_number(format);
    if (part.precision < 0) throw refuse();
    part.type = 'f';
  }
  if (!format.empty()) part.type = format.front(), format.remove_prefix(1);
  const bool known = part.type == 0 || std::string_view("dfeg").find(part.type) != std::string_view::npos;
  const bool whole_with_precision = part.type == 'd' && part.precision >= 0;
  if (!format.empty() || !known || whole_with_precision || part.width > most_digits || part.precision > most_digits)
    throw refuse();
  return part;
}

std::vector<std::string> NameTemplate::names() const {
  std::vector<std::string> names;
  for (const Part& part : parts_)
    if (!part.name.empty()) names.push_back(part.name);
  return names;
}

std::string NameTemplate::fill(const std::map<std::string, double>& values) const {
  std::string text;
  for (const Part& part : parts_) {
    const auto value = values.find(part.name);
    if (part.name.empty())
      text += part.literal;
    else if (value == values.end())
      text += "none";
    else
      text += printed(value->second, part.zeros, part.width, part.precision, part.type);
  }
  return text;
}

}  // namespace tlaunch
