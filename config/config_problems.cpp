#include "config/config_problems.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"

namespace tlaunch {
namespace {

std::string line_of(const Place& place, const std::string& key, const std::string& given_what) {
  const std::string what = printable(given_what, 1000);  // it may contain a path from the file
  if (!place.override_text.empty())
    return format_text("command line: {}: {}", printable(place.override_text, 120), what);
  std::string line = printable(place.file, 300);
  if (place.line > 0) line += format_text(":{}:{}", place.line, place.column);
  if (!key.empty()) line += ": " + printable(key, 120);
  return line + ": " + what;
}

}  // namespace

void ConfigProblems::add(const Place& place, const std::string& key, const std::string& what) {
  problems_.push_back({place, full() ? std::string() : line_of(place, key, what)});
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
  if (problems_.size() > shown) text += format_text("\n... and {} more", problems_.size() - shown);
  throw UsageError(text);
}

}  // namespace tlaunch
