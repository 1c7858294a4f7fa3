#include "base/quantity.h"

#include <cctype>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "base/text.h"
#include "base/whole_number.h"

namespace tlaunch {
namespace {

constexpr double most = 1e18;  // of any quantity: more is a typing error

struct Unit {
  std::string_view name;
  double factor;
};

constexpr Unit durations[] = {{"ms", 1e-3}, {"s", 1},     {"sec", 1},   {"m", 60},    {"min", 60},
                              {"h", 3600},  {"d", 86400}, {"us", 1e-6}, {"w", 604800}};
// In small letters, because people also write 10gb, and nobody means bits.
constexpr Unit sizes[] = {{"b", 1},
                          {"kb", 1e3},
                          {"mb", 1e6},
                          {"gb", 1e9},
                          {"tb", 1e12},
                          {"k", 1e3},
                          {"m", 1e6},
                          {"g", 1e9},
                          {"t", 1e12},
                          {"kib", 1024.0},
                          {"mib", 1048576.0},
                          {"gib", 1073741824.0},
                          {"tib", 1099511627776.0}};
constexpr Unit samples[] = {{"kimg", 1e3}, {"img", 1}, {"images", 1}, {"ksamples", 1e3}, {"samples", 1}};
constexpr Unit steps[] = {{"steps", 1}, {"step", 1}, {"batches", 1}, {"batch", 1}, {"it", 1}, {"ksteps", 1e3}};

template <std::size_t N>
std::optional<double> factor_of(const Unit (&units)[N], std::string_view name) {
  for (const Unit& unit : units)
    if (unit.name == name) return unit.factor;
  return std::nullopt;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front()))) text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.remove_suffix(1);
  return text;
}

// Takes a finite number of at least 0 and the spaces behind it from the front.
std::optional<double> take_number(std::string_view& text) {
  text = trimmed(text);
  double value = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || !std::isfinite(value) || value < 0 || value > most || std::signbit(value))
    return std::nullopt;
  text = trimmed(text.substr(static_cast<std::size_t>(rest - text.data())));
  return value;
}

std::string_view take_word(std::string_view& text) {
  std::size_t size = 0;
  while (size < text.size() && std::isalpha(static_cast<unsigned char>(text[size]))) ++size;
  const std::string_view word = text.substr(0, size);
  text = trimmed(text.substr(size));
  return word;
}

std::string in_small_letters(std::string_view word) {
  std::string small(word);
  for (char& letter : small) letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  return small;
}

// Takes "54-72" or "54" from the front.
std::optional<Range> take_range(std::string_view& text) {
  const auto low = take_number(text);
  if (!low) return std::nullopt;
  if (!text.starts_with('-')) return Range{*low, *low};
  text.remove_prefix(1);
  const auto high = take_number(text);
  if (!high || *high < *low) return std::nullopt;
  return Range{*low, *high};
}

[[noreturn]] void refuse(const std::string& what, const std::string& text, const std::string& expected) {
  throw UsageError(format_text("{} {}: expected {}", what, text, expected));
}

constexpr const char* a_duration = "a time above 0, such as 145ms, 5680s, 35min5s or 3d";

}  // namespace

double parse_duration_s(const std::string& what, const std::string& text) {
  std::string_view rest = trimmed(text);
  double total_s = 0;
  while (!rest.empty()) {
    const auto value = take_number(rest);
    const auto factor = value ? factor_of(durations, take_word(rest)) : std::nullopt;
    if (!factor) refuse(what, text, a_duration);
    total_s += *value * *factor;
  }
  if (total_s <= 0 || total_s > most) refuse(what, text, a_duration);
  return total_s;
}

Range parse_duration_range_s(const std::string& what, const std::string& text) {
  if (text.find('-') == std::string::npos) {
    const double time_s = parse_duration_s(what, text);
    return {time_s, time_s};
  }
  std::string_view rest = trimmed(text);
  const auto range = take_range(rest);
  const auto factor = range ? factor_of(durations, take_word(rest)) : std::nullopt;
  if (!factor || !rest.empty() || range->low <= 0) refuse(what, text, a_duration);
  return {range->low * *factor, range->high * *factor};
}

std::uint64_t parse_bytes(const std::string& what, const std::string& text) {
  std::string_view rest = trimmed(text);
  const auto value = take_number(rest);
  const auto factor = value ? factor_of(sizes, in_small_letters(take_word(rest))) : std::nullopt;
  if (!factor || !rest.empty() || *value * *factor > most) refuse(what, text, "a size, such as 6.9GB, 512MB or 10GiB");
  return static_cast<std::uint64_t>(std::llround(*value * *factor));
}

Rate parse_rate(const std::string& what, const std::string& text) {
  const auto wrong = [&] [[noreturn]] {
    refuse(what, text, "a rate above 0, such as 54-72kimg/h, 300img/s or 6.8steps/s");
  };
  std::string_view rest = trimmed(text);
  const auto range = take_range(rest);
  if (!range || range->low <= 0) wrong();
  const std::string_view counted = take_word(rest);
  const auto of_samples = factor_of(samples, counted), of_steps = factor_of(steps, counted);
  if ((!of_samples && !of_steps) || !rest.starts_with('/')) wrong();
  rest = trimmed(rest.substr(1));
  const auto period_s = factor_of(durations, take_word(rest));
  if (!period_s || !rest.empty()) wrong();
  const double factor = of_samples.value_or(of_steps.value_or(1)) / *period_s;
  return {{range->low * factor, range->high * factor}, of_samples ? Counted::samples : Counted::steps};
}

double parse_samples(const std::string& what, const std::string& text) {
  std::string_view rest = trimmed(text);
  const auto value = take_number(rest);
  const std::string_view unit = take_word(rest);
  const auto factor = unit.empty() ? std::optional(1e3) : factor_of(samples, unit);
  if (!value || *value <= 0 || !factor || !rest.empty())
    refuse(what, text, "a number of samples, such as 50kimg or 50 (kimg)");
  return *value * *factor;
}

std::vector<std::string> parse_list(const std::string& what, const std::string& text) {
  std::vector<std::string> items;
  std::size_t begin = 0;
  for (;;) {
    const std::size_t comma = text.find(',', begin);
    const std::string_view item = trimmed(std::string_view(text).substr(begin, comma - begin));
    if (item.empty()) refuse(what, text, "a list, such as 5,10,20");
    items.emplace_back(item);
    if (comma == std::string::npos) return items;
    begin = comma + 1;
  }
}

std::vector<std::int64_t> parse_epochs(const std::string& what, const std::string& text, std::int64_t most) {
  std::vector<std::int64_t> epochs;
  for (const std::string& item : parse_list(what, text)) {
    const auto number = whole_number(item, 1, most);
    if (!number) refuse(what, text, format_text("numbers of epochs from 1 to {}, such as 5,10,20", most));
    epochs.push_back(*number);
  }
  return epochs;
}

}  // namespace tlaunch
