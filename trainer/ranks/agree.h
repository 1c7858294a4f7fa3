// Gives all ranks the value of rank 0. The exchange is between the hosts and waits for no device. All ranks call it.
#pragma once

#include <cstdint>
#include <string>

#include "trainer/ranks/ranks.h"

namespace tlaunch {

std::int64_t agree(const Ranks& ranks, std::int64_t value);
std::string agree(const Ranks& ranks, std::string text);

}  // namespace tlaunch
