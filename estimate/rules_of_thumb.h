// What makes a run faster if nothing of it was measured: factors that teams have seen on jobs of their own. Pure. Seconds.
#pragma once

#include <string>
#include <vector>

#include "estimate/time_estimate.h"

namespace tlaunch {

struct RuleOfThumb {
  std::string change;          // "one DDP process per GPU with a distributed sampler"
  std::string condition;       // what must be true of the job, and figures cannot tell; "": any job can try it
  double least = 1, most = 1;  // times as fast; the source of each is in the .cpp file
};

// In the order in which they are worth trying.
const std::vector<RuleOfThumb>& rules_of_thumb();

// The run with this rule and all rules before it that any job can try; with this rule alone if it has a condition.
struct RuleStep {
  std::string change, condition;
  TimeRange time;
  bool reaches = false;    // the deadline, at the least gain that was seen
  bool may_reach = false;  // at the greatest gain
};

// One rule after the other until the deadline is reached for sure without a condition, or all are used. Empty if the run
// reaches it as it is.
std::vector<RuleStep> towards_deadline(const TimeRange& now, double deadline_s);

// All rules together, at the fastest that was seen.
double least_s_with_all(const TimeRange& now);

}  // namespace tlaunch
