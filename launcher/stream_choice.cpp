#include "launcher/stream_choice.h"

#include <charconv>
#include <optional>
#include <sstream>

#include "core/error.h"

namespace tlaunch {
namespace {

std::optional<int> number(const std::string& text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

}  // namespace

StreamChoice parse_stream_choice(const std::string& option, const std::string& text) {
  const auto refuse = [&] [[noreturn]] {
    throw UsageError(option + " takes 0 (none), 1 (stdout), 2 (stderr) or 3 (both), or local ranks one by one as 0:3,1:1, not '" +
                     text + "'");
  };
  StreamChoice choice;
  if (const auto all = number(text)) {
    if (*all > 3) refuse();
    choice.of_all = *all;
    return choice;
  }
  std::istringstream pairs(text);
  for (std::string pair; std::getline(pairs, pair, ',');) {
    const std::size_t colon = pair.find(':');
    if (colon == std::string::npos) refuse();
    const auto rank = number(pair.substr(0, colon)), streams = number(pair.substr(colon + 1));
    if (!rank || !streams || *streams > 3) refuse();
    choice.by_rank[*rank] = *streams;
  }
  if (choice.by_rank.empty() || text.ends_with(',')) refuse();
  return choice;
}

}  // namespace tlaunch
