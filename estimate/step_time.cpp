#include "estimate/step_time.h"

#include <algorithm>
#include <cmath>

#include "base/statistics.h"

namespace tlaunch {
namespace {

constexpr double stop_factor = 10, stop_min_s = 60;  // what counts as a stop, see the header
constexpr std::size_t most_blocks = 20;
constexpr double least_half_width = 0.02, half_width_of_one_interval = 0.20;  // of the range, see the header

// Prior standard deviation of a one-second pace (log scale), and the number of observed seconds it counts for. Measured
// on a virtual machine with two cores: 0.1 on its own, 0.25 next to a load that comes and goes.
constexpr double prior_sigma = 0.2, prior_seconds = 2;
constexpr double least_sigma = 0.02;    // of an expectation, log scale: a rehearsal is never more certain than this
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

// Standard error of log(observed step time): that of a one-second pace / sqrt(seconds). The variance of a one-second
// pace about the whole's is the mean of its squared deviations, each second weighted equally, and of the prior's.
double standard_error(const std::vector<StepInterval>& intervals, double likely_s) {
  double sum_of_squares = prior_seconds * prior_sigma * prior_sigma, weight_s = prior_seconds, observed_s = 0;
  StepInterval second;  // intervals joined until they last one
  for (const StepInterval& interval : intervals) {
    observed_s += interval.seconds;
    second = {second.seconds + interval.seconds, second.steps + interval.steps};
    if (second.seconds < 1) continue;
    const double deviation = std::log(per_step(second) / likely_s);
    sum_of_squares += deviation * deviation * second.seconds;
    weight_s += second.seconds;
    second = {};
  }
  return std::sqrt(sum_of_squares / weight_s / observed_s);
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
  const double half_width = least_half_width + half_width_of_one_interval / static_cast<double>(kept.size());
  return TimeRange{std::min(quantile(block_times, 0.1), likely * (1 - half_width)), likely,
                   std::max(quantile(block_times, 0.9), likely * (1 + half_width))};
}

TimeRange blended(const TimeRange& expected, const std::vector<StepInterval>& seen) {
  const TimeRange observed = *step_time_of(seen);
  const double observed_sigma = standard_error(seen, observed.likely_s);
  // If the two differ by more than chance explains (two standard errors), the expectation's own range was too narrow.
  const double unexplained = std::abs(std::log(observed.likely_s / expected.likely_s)) - 2 * observed_sigma;
  const double said_sigma = std::log(expected.high_s / expected.low_s) / (2 * quantile_90);
  const double expected_sigma = std::max({said_sigma, unexplained, least_sigma});
  // Weights of 1 / variance.
  const double expected_variance = expected_sigma * expected_sigma, observed_variance = observed_sigma * observed_sigma;
  const double observed_weight = expected_variance / (expected_variance + observed_variance);
  const auto mean = [observed_weight](double expected_s, double observed_s) {
    return std::exp((1 - observed_weight) * std::log(expected_s) + observed_weight * std::log(observed_s));
  };
  return {mean(expected.low_s, observed.low_s), mean(expected.likely_s, observed.likely_s),
          mean(expected.high_s, observed.high_s)};
}

}  // namespace tlaunch
