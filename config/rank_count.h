// How many ranks one machine may have.
#pragma once

#include <cstdint>

namespace tlaunch {

inline constexpr std::int64_t most_ranks = 4096;  // a larger number is a typing error

}  // namespace tlaunch
