#include "data/logs/key_file.h"

#include <algorithm>
#include <limits>
#include <unordered_set>

#include "base/error.h"
#include "base/text.h"

namespace tlaunch {
namespace {

bool is_blank(std::uint8_t c) { return c == ' ' || c == '\t' || c == '\r'; }

// The token at `begin` for a message: at most 20 characters, with a '?' for each byte that is not printable ASCII.
std::string printable_token(std::span<const std::uint8_t> text, std::size_t begin) {
  std::string token;
  for (std::size_t i = begin; i < text.size() && !is_blank(text[i]) && text[i] != '\n'; ++i) {
    if (token.size() == 20) return token + "...";
    token += text[i] > ' ' && text[i] < 127 ? static_cast<char>(text[i]) : '?';
  }
  return token;
}

}  // namespace

SessionSet parse_sessions(std::span<const std::uint8_t> text, const std::string& path) {
  constexpr std::int64_t largest = std::numeric_limits<std::int32_t>::max();
  SessionSet sessions;
  sessions.offsets.push_back(0);
  const auto end_session = [&] {
    const auto end = static_cast<std::int64_t>(sessions.keys.size());
    if (end > sessions.offsets.back()) sessions.offsets.push_back(end);
  };
  std::int64_t line = 1;
  std::size_t line_begin = 0;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == '\n') {
      end_session();
      ++line;
      line_begin = ++i;
      continue;
    }
    if (is_blank(text[i])) {
      ++i;
      continue;
    }
    const std::size_t begin = i;
    std::int64_t key = 0;
    for (; i < text.size() && text[i] >= '0' && text[i] <= '9' && key <= largest; ++i) key = key * 10 + (text[i] - '0');
    const bool ends = i == text.size() || is_blank(text[i]) || text[i] == '\n';
    if (!ends || key < 1 || key > largest) {
      throw DataError(format_text("{}:{}:{}: '{}' is not a log key (byte {}); expected an integer from 1 to {}", path,
                                  line, begin - line_begin + 1, printable_token(text, begin), begin, largest));
    }
    sessions.keys.push_back(static_cast<std::int32_t>(key));
  }
  end_session();
  return sessions;
}

std::vector<std::int32_t> distinct_keys(const SessionSet& sessions) {
  const std::unordered_set<std::int32_t> distinct(sessions.keys.begin(), sessions.keys.end());
  std::vector<std::int32_t> sorted(distinct.begin(), distinct.end());
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

void number_keys(SessionSet& sessions, std::span<const std::int32_t> vocabulary) {
  for (auto& key : sessions.keys) {
    const auto at = std::lower_bound(vocabulary.begin(), vocabulary.end(), key);
    key = at != vocabulary.end() && *at == key ? static_cast<std::int32_t>(at - vocabulary.begin()) : -1;
  }
}

SessionSet lengthened(const SessionSet& sessions, std::int64_t length) {
  SessionSet longer;
  longer.keys.reserve(sessions.keys.size());
  longer.offsets.reserve(sessions.offsets.size());
  longer.offsets.push_back(0);
  for (std::int64_t i = 0; i < sessions.size(); ++i) {
    const auto session = sessions.session(i);
    longer.keys.insert(longer.keys.end(), session.begin(), session.end());
    const auto missing = std::max<std::int64_t>(length - static_cast<std::int64_t>(session.size()), 0);
    longer.keys.insert(longer.keys.end(), static_cast<std::size_t>(missing), -1);
    longer.offsets.push_back(static_cast<std::int64_t>(longer.keys.size()));
  }
  return longer;
}

}  // namespace tlaunch
