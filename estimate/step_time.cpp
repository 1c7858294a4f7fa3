#include "estimate/step_time.h"

#include <algorithm>
#include <cmath>

#include "core/statistics.h"

namespace tlaunch {
namespace {

constexpr double stop_factor = 10, stop_min_s = 60;  // what counts as a stop, see the header
constexpr std::size_t most_blocks = 20;
constexpr double least_spread = 0.02, spread_of_one_interval = 0.20;

// How far the pace of one second is off that of the whole run, until seconds have shown it, and so many of them is that
// worth. Measured on a virtual machine with two cores: 0.1 on its own, 0.25 beside a load that comes and goes.
constexpr double assumed_spread = 0.2, assumed_weight = 2;
constexpr double quantile_90 = 1.2816;  // of the normal distribution

double per_step(const StepInterval& interval) { return interval.seconds / static_cast<double>(interval.steps); }

std::vector<StepInterval> without_stops(const std::vector<StepInterval>& intervals) {
  std::vector<double> times;
  for (const StepInterval& interval : intervals) times.push_back(per_step(interval));
  const double limit = stop_factor * quantile(times, 0.5);
  std::vector<StepInterval> kept;
  for (const StepInterval& interval : intervals) {
    if (interval.seconds <= stop_min_s || per_step(interval) <= limit) kept.push_back(interval);
  }
  return kept;
}

StepInterval joined(const std::vector<StepInterval>& intervals, std::size_t begin, std::size_t end) {
  StepInterval sum;
  for (std::size_t i = begin; i < end; ++i) {
    sum.seconds += intervals[i].seconds;
    sum.steps += intervals[i].steps;
  }
  return sum;
}

// Of the logarithm of the whole's pace, by how much that of its seconds moves.
double spread_of_mean(const std::vector<StepInterval>& intervals, double likely_s) {
  double squares = assumed_weight * assumed_spread * assumed_spread, all_s = 0;
  double seconds = assumed_weight;
  StepInterval second;
  for (const StepInterval& interval : intervals) {
    all_s += interval.seconds;
    second = {second.seconds + interval.seconds, second.steps + interval.steps};
    if (second.seconds < 1) continue;
    const double off = std::log(per_step(second) / likely_s);
    squares += off * off * second.seconds;
    seconds += second.seconds;
    second = {};
  }
  return std::sqrt(squares / seconds / all_s);
}

}  // namespace

std::optional<TimeRange> step_time_of(const std::vector<StepInterval>& intervals) {
  if (intervals.empty()) return std::nullopt;
  const std::vector<StepInterval> kept = without_stops(intervals);  // never empty: the median stays
  const double likely = per_step(joined(kept, 0, kept.size()));

  const std::size_t blocks = std::min(most_blocks, kept.size());
  std::vector<double> block_times;
  for (std::size_t b = 0; b < blocks; ++b) {
    block_times.push_back(per_step(joined(kept, kept.size() * b / blocks, kept.size() * (b + 1) / blocks)));
  }
  const double spread = least_spread + spread_of_one_interval / static_cast<double>(kept.size());
  return TimeRange{std::min(quantile(block_times, 0.1), likely * (1 - spread)), likely,
                   std::max(quantile(block_times, 0.9), likely * (1 + spread))};
}

TimeRange blended(const TimeRange& expected, const std::vector<StepInterval>& seen) {
  const TimeRange shown = *step_time_of(seen);
  const double now = spread_of_mean(seen, shown.likely_s);
  // An expectation that is further off than what is seen can be by chance was a bad one.
  const double surprise = std::abs(std::log(shown.likely_s / expected.likely_s)) - 2 * now;
  const double before =
      std::max({std::log(expected.high_s / expected.low_s) / (2 * quantile_90), surprise, least_spread});
  const double share = before * before / (before * before + now * now);
  const auto mean = [share](double earlier_s, double later_s) {
    return std::exp((1 - share) * std::log(earlier_s) + share * std::log(later_s));
  };
  return {mean(expected.low_s, shown.low_s), mean(expected.likely_s, shown.likely_s),
          mean(expected.high_s, shown.high_s)};
}

}  // namespace tlaunch
