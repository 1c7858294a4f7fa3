// What makes a run faster, where nothing of it was measured: factors that teams have seen (sources B). Pure.
#pragma once

#include <string>
#include <vector>

#include "tuning/figures.h"

namespace tlaunch {

struct Remedy {
  std::string change;       // "one DDP process per GPU instead of DataParallel"
  double least = 1, most = 1;  // times as fast
};

// In the order in which they are worth trying.
const std::vector<Remedy>& known_remedies();

// The run after the first remedies in that order, one after the other.
struct RemedyStep {
  std::string change;       // the last one of them
  TimeRange time;           // with all so far
  bool reaches = false;     // at the slowest of what was seen; maybe: at the fastest alone
  bool may_reach = false;
};

// Until the deadline is reached for sure, or all are used. Empty where it is reached as it is.
std::vector<RemedyStep> towards_deadline(const TimeRange& now, double deadline_s);

}  // namespace tlaunch
