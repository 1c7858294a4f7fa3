// Reads a whole number from a command line. Pure.
#pragma once

#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

namespace tlaunch {

// The number if all of `text` is a number without a sign, from `least` to `most`.
inline std::optional<std::int64_t> whole_number(std::string_view text, std::int64_t least = 0,
                                                std::int64_t most = std::numeric_limits<std::int64_t>::max()) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && number >= least && number <= most ? std::optional(number) : std::nullopt;
}

}  // namespace tlaunch
