// What rank 0 knows, on all ranks. Between the hosts: no device is waited for. All ranks call it.
#pragma once

#include <cstdint>
#include <string>

#include "trainer/ranks/ranks.h"

namespace tlaunch {

std::int64_t agree(const Ranks& ranks, std::int64_t value);
std::string agree(const Ranks& ranks, std::string text);

}  // namespace tlaunch
