#include "launcher/cli/stream_choice.h"

#include <sstream>

#include "base/error.h"
#include "base/text.h"
#include "base/whole_number.h"

namespace tlaunch {
namespace {

constexpr int most_ranks = 1 << 16, both = 3;

}  // namespace

StreamChoice parse_stream_choice(const std::string& option, const std::string& text) {
  const auto refuse = [&] [[noreturn]] {
    throw UsageError(
        format_text("{} takes 0 (none), 1 (stdout), 2 (stderr) or 3 (both), or one of these per local rank as in "
                    "0:3,1:1, not {}",
                    option, quoted(text)));
  };
  StreamChoice choice;
  if (const auto all = whole_number(text, 0, both)) {
    choice.of_all = static_cast<int>(*all);
    return choice;
  }
  std::istringstream pairs(text);
  for (std::string pair; std::getline(pairs, pair, ',');) {
    const std::size_t colon = pair.find(':');
    if (colon == std::string::npos) refuse();
    const auto rank = whole_number(pair.substr(0, colon), 0, most_ranks),
               streams = whole_number(pair.substr(colon + 1), 0, both);
    if (!rank || !streams) refuse();
    choice.by_rank[static_cast<int>(*rank)] = static_cast<int>(*streams);
  }
  if (choice.by_rank.empty() || text.ends_with(',')) refuse();
  return choice;
}

}  // namespace tlaunch
