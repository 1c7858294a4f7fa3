#include "base/units.h"

#include <cmath>
#include <cstdio>

namespace tlaunch {
namespace {

std::string fixed(double value, int decimals) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

// Three significant digits of a value in 1..999; rounding may give "1000", which the caller has ruled out.
int decimals_of(double value) { return value < 9.995 ? 2 : value < 99.95 ? 1 : 0; }

// Divides by 1000 until the rounded value has at most three digits before the point; returns how often.
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
  if (bytes < 1000) return std::to_string(bytes) + " B";
  double value = static_cast<double>(bytes);
  const int power = scale_by_thousands(value, 6);
  std::string text = fixed(value, decimals_of(value));
  strip_zeros(text);
  return text + units[power];
}

std::string format_milliseconds(double seconds) {
  char text[40];
  std::snprintf(text, sizeof text, seconds < 0.001 ? "%.3f ms" : "%.1f ms", 1000 * seconds);
  return text;
}

std::string format_percent(double share) {
  char text[40];
  std::snprintf(text, sizeof text, "%.1f %%", 100 * share);
  return text;
}

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
  if (seconds < 0.0995) return fixed(seconds * 1000, 0) + " ms";
  if (seconds < 9.95) return fixed(seconds, 1) + " s";
  // Rounded to the smaller of the two units shown before it is split, so that 59.6 s is not "60 s".
  const long long total_s = std::llround(seconds);
  if (total_s < 60) return std::to_string(total_s) + " s";
  if (total_s < 3600) return std::to_string(total_s / 60) + " min " + std::to_string(total_s % 60) + " s";
  const long long minutes = std::llround(seconds / 60);
  if (minutes < 24 * 60) return std::to_string(minutes / 60) + " h " + std::to_string(minutes % 60) + " min";
  const long long hours = std::llround(seconds / 3600);
  return std::to_string(hours / 24) + " d " + std::to_string(hours % 24) + " h";
}

std::string format_time_left(double seconds) {
  if (seconds < 1) return "under 1 s";
  return seconds < 10 ? std::to_string(std::llround(seconds)) + " s" : format_duration(seconds);
}

std::string format_number_of(std::int64_t count, const std::string& unit) {
  return std::to_string(count) + " " + unit + (count == 1 ? "" : "s");
}

std::string format_range(const std::string& low, const std::string& high) {
  return low == high ? low : low + " to " + high;
}

}  // namespace tlaunch
