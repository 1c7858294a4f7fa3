// The time of one step, with a range, from the intervals between step events. Pure.
//
// likely  all time over all steps: small stalls that come again and again belong to the pace of a run.
// low, high  the range in which the pace itself has moved: intervals are joined, in order, into at most 20 blocks, and
//         the 10 % and 90 % quantiles of the blocks' step times are taken. Few intervals say little about the pace to
//         come, so the range is at least 2 % + 20 % / (number of intervals) to either side.
// Left out: an interval over a minute that is more than ten times as slow as the median. That is a machine put to sleep
//         or a stopped process, no part of the work.
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

// What was expected before, in the light of what the intervals (not none) show: mostly the former at first, mostly the
// latter after some ten seconds, and sooner where they are far apart. Means of logarithms, weighted by one over the square
// of their spread; that of a pace is what its seconds show, less by the square root of their number.
TimeRange blended(const TimeRange& expected, const std::vector<StepInterval>& seen);

}  // namespace tlaunch
