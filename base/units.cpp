#include "base/units.h"

#include <cmath>

#include "base/text.h"

namespace tlaunch {
namespace {

std::string fixed(double value, int decimals) {
  if (decimals == 2) return format_text("{:.2f}", value);
  return decimals == 1 ? format_text("{:.1f}", value) : format_text("{:.0f}", value);
}

// Decimals for three significant digits of a value from 1 to 999. The caller excludes values that round to 1000.
int decimals_of(double value) { return value < 9.995 ? 2 : value < 99.95 ? 1 : 0; }

// Divides by 1000 until the rounded value has at most three digits before the point; returns the number of divisions.
int scale_by_thousands(double& value, int most) {
  int power = 0;
  while (power < most && value >= 999.5) {
    value /= 1000;
    ++power;
  }
  return power;
}

void strip_zeros(std::string& text) {
  if (text.find('.') == std::string::npos) return;
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
}

}  // namespace

std::string format_bytes(std::uint64_t bytes) {
  static const char* const units[] = {" B", " kB", " MB", " GB", " TB", " PB", " EB"};
  if (bytes < 1000) return format_text("{} B", bytes);
  double value = static_cast<double>(bytes);
  const int power = scale_by_thousands(value, 6);
  std::string text = fixed(value, decimals_of(value));
  strip_zeros(text);
  return text + units[power];
}

std::string format_milliseconds(double seconds) {
  return seconds < 0.001 ? format_text("{:.3f} ms", 1000 * seconds) : format_text("{:.1f} ms", 1000 * seconds);
}

std::string format_percent(double share) { return format_text("{:.1f} %", 100 * share); }

std::string format_count(double value) {
  static const char* const units[] = {"", " k", " M", " G", " T", " P", " E"};
  if (!std::isfinite(value)) return "unknown";
  const std::string sign = value < 0 ? "-" : "";
  value = std::fabs(value);
  if (value < 1000 && value == std::floor(value)) return sign + fixed(value, 0);
  const int power = scale_by_thousands(value, 6);
  return sign + fixed(value, decimals_of(value)) + units[power];
}

std::string format_duration(double seconds) {
  if (!std::isfinite(seconds) || std::fabs(seconds) > 1e15) return "unknown";
  if (seconds < 0) return std::string("-").append(format_duration(-seconds));
  if (seconds < 0.0995) return format_text("{:.0f} ms", seconds * 1000);
  if (seconds < 9.95) return format_text("{:.1f} s", seconds);
  // Rounds to the smaller of the two units before splitting, so that 59.6 s is not "60 s".
  const long long total_s = std::llround(seconds);
  if (total_s < 60) return format_text("{} s", total_s);
  if (total_s < 3600) return format_text("{} min {} s", total_s / 60, total_s % 60);
  const long long minutes = std::llround(seconds / 60);
  if (minutes < 24 * 60) return format_text("{} h {} min", minutes / 60, minutes % 60);
  const long long hours = std::llround(seconds / 3600);
  return format_text("{} d {} h", hours / 24, hours % 24);
}

std::string format_time_left(double seconds) {
  if (seconds < 1) return "under 1 s";
  return seconds < 10 ? format_text("{} s", std::llround(seconds)) : format_duration(seconds);
}

std::string format_number_of(std::int64_t count, const std::string& unit) {
  return format_text("{} {}{}", count, unit, count == 1 ? "" : "s");
}

std::string format_range(const std::string& low, const std::string& high) {
  return low == high ? low : format_text("{} to {}", low, high);
}

}  // namespace tlaunch
