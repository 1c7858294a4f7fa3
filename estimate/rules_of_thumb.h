// Ways to make a run faster if nothing was measured: factors that teams have seen on their own jobs. Pure. Seconds.
#pragma once

#include <string>
#include <vector>

#include "estimate/time_estimate.h"

namespace tlaunch {

struct RuleOfThumb {
  std::string change;          // "one DDP process per GPU with a distributed sampler"
  std::string condition;       // must be true of the job, but figures cannot show it; "": any job can try the change
  double least = 1, most = 1;  // times as fast; the source of each is in the .cpp file
};

// In the order in which to try them.
const std::vector<RuleOfThumb>& rules_of_thumb();

// The run with this rule and all earlier rules that any job can try; with this rule alone if it has a condition.
struct RuleStep {
  std::string change, condition;
  TimeRange time;
  bool reaches = false;    // the deadline, at the least gain that was seen
  bool may_reach = false;  // at the greatest gain
};

// One rule after the other, until the deadline is certainly reached without a condition, or all rules are used. Empty
// if the unchanged run reaches it.
std::vector<RuleStep> towards_deadline(const TimeRange& now, double deadline_s);

// The least time, with all rules at their greatest gain.
double least_s_with_all(const TimeRange& now);

}  // namespace tlaunch
