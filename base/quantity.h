// Reads quantities as people write them: "145ms", "3d", "6.9GB", "54-72kimg/h". Pure. All throw UsageError with `what`
// (the name of the option or key), the text, and examples.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tlaunch {

// From low to high; both are equal for a single value.
struct Range {
  double low = 0, high = 0;
  double middle() const { return (low + high) / 2; }
};

// The unit that a rate counts.
enum class Counted { samples, steps };
struct Rate {
  Range per_s;
  Counted counted = Counted::samples;
};

// Seconds, above 0: "145ms", "5680s", "35min5s", "1h 30min", "3d"; a range: "140-150ms".
double parse_duration_s(const std::string& what, const std::string& text);
Range parse_duration_range_s(const std::string& what, const std::string& text);

// Bytes: "6.9GB" and "512MB" in powers of 1000, "10GiB" in powers of 1024, "1000B".
std::uint64_t parse_bytes(const std::string& what, const std::string& text);

// "54-72kimg/h", "300img/s", "120samples/s", "6.8steps/s"; kimg, img, samples, steps or batches per s, min, h or d.
Rate parse_rate(const std::string& what, const std::string& text);

// Number of samples: "50kimg", "50" (kimg) or "5000img".
double parse_samples(const std::string& what, const std::string& text);

// Numbers of epochs, from 1 to `most`: "5,10,20".
std::vector<std::int64_t> parse_epochs(const std::string& what, const std::string& text, std::int64_t most);

// The items of "300,1000,2500".
std::vector<std::string> parse_list(const std::string& what, const std::string& text);

}  // namespace tlaunch
