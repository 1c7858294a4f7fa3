#include "config/config_problems.h"

#include <algorithm>
#include <cstdio>

#include "base/error.h"

namespace tlaunch {
namespace {

std::string printable(const std::string& text, std::size_t most) {
  std::string out;
  for (const char c : text) {
    if (out.size() >= most) {
      // Not within a UTF-8 sequence.
      while (!out.empty() && (static_cast<unsigned char>(out.back()) & 0xC0) == 0x80) out.pop_back();
      if (!out.empty() && (static_cast<unsigned char>(out.back()) & 0xC0) == 0xC0) out.pop_back();
      return out + "...";
    }
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\x%02x", static_cast<unsigned char>(c));
      out += escaped;
    } else {
      out += c;
    }
  }
  return out;
}

std::string format(const Place& place, const std::string& key, const std::string& given_what) {
  const std::string what = printable(given_what, 1000);  // it may hold a path from the file
  if (!place.override_text.empty())
    return std::string("command line: ").append(printable(place.override_text, 120)).append(": ").append(what);
  std::string line = printable(place.file, 300);
  if (place.line > 0)
    line.append(":").append(std::to_string(place.line)).append(":").append(std::to_string(place.column));
  if (!key.empty()) line.append(": ").append(printable(key, 120));
  return line.append(": ").append(what);
}

}  // namespace

std::string quoted(const std::string& text) { return std::string("'").append(printable(text, 60)).append("'"); }

std::string join_parts(const std::vector<std::string>& parts, const std::string& separator) {
  std::string joined;
  for (const std::string& part : parts) {
    if (part.empty()) continue;
    if (!joined.empty()) joined += separator;
    joined += part;
  }
  return joined;
}

void ConfigProblems::add(const Place& place, const std::string& key, const std::string& what) {
  problems_.push_back({place, full() ? std::string() : format(place, key, what)});
}

void ConfigProblems::throw_if_any() const {
  if (problems_.empty()) return;
  const std::size_t shown = std::min(problems_.size(), most_shown);
  std::vector<Problem> sorted(problems_.begin(), problems_.begin() + static_cast<std::ptrdiff_t>(shown));
  std::stable_sort(sorted.begin(), sorted.end(), [](const Problem& a, const Problem& b) {
    const auto order = [](const Place& p) {
      return std::make_tuple(!p.override_text.empty(), p.file, p.line, p.column);
    };
    return order(a.place) < order(b.place);
  });
  std::string text;
  for (const Problem& problem : sorted) text += (text.empty() ? "" : "\n") + problem.line;
  if (problems_.size() > shown) text += "\n... and " + std::to_string(problems_.size() - shown) + " more";
  throw UsageError(text);
}

}  // namespace tlaunch
