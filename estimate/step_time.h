// The time of one optimizer step, with a range, from the intervals between step events. Pure. Seconds.
//
// likely  all time divided by all steps: small stalls that repeat are a part of a run's pace.
// low, high  the range of the pace itself: intervals are joined, in order, into at most 20 blocks, and low and high are
//         the 10 % and 90 % quantiles of the blocks' step times. Few intervals say little about the future pace, so the
//         range is at least 2 % + 20 % / (number of intervals) to either side.
// Left out: an interval of over a minute that is more than ten times as slow as the median. Then the machine slept or
//         the process was stopped.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "estimate/time_estimate.h"

namespace tlaunch {

struct StepInterval {
  double seconds = 0;
  std::int64_t steps = 0;  // both greater than 0
};

std::optional<TimeRange> step_time_of(const std::vector<StepInterval>& intervals);  // nothing without intervals

// Blends the expected step time with the observed one (`seen` must not be empty; expected.low_s above 0). Both are
// log-normal and weighted by 1 / variance. The expectation's variance is that of its range, 10 % to 90 %; the observed
// one's is that of the one-second paces divided by their number. So the expectation dominates at first and the
// observations after about 10 s, or sooner if the two disagree by more than chance explains.
TimeRange blended(const TimeRange& expected, const std::vector<StepInterval>& seen);

}  // namespace tlaunch
