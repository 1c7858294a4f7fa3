// Text for people: bytes, durations, counts. Pure functions.
#pragma once

#include <cstdint>
#include <string>

namespace tlaunch {

std::string format_bytes(std::uint64_t bytes);    // "512 B", "6.9 GB" (powers of 1000), three significant digits
std::string format_duration(double seconds);      // "0.4 s", "3 min 20 s", "5 h 36 min", "9 d 18 h"
std::string format_time_left(double seconds);     // whole seconds at least: "under 1 s", "4 s", "3 min 20 s"
std::string format_milliseconds(double seconds);  // "1.2 ms", "0.045 ms"
std::string format_percent(double share);         // "2.5 %" of 0.025
std::string format_count(double value);           // "1.62 k", "5.70 M"

// "1 step", "3 steps".
std::string format_number_of(std::int64_t count, const std::string& unit);

// "LOW to HIGH", or LOW if both are equal.
std::string format_range(const std::string& low, const std::string& high);

}  // namespace tlaunch
