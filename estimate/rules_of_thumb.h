// What makes a run faster, where nothing of it was measured: factors that teams have seen (sources B). Pure.
#pragma once

#include <string>
#include <vector>

#include "estimate/figures.h"

namespace tlaunch {

struct Remedy {
  std::string change;          // "one DDP process per GPU with a distributed sampler"
  std::string condition;       // what must hold for it, of which figures tell nothing; "": it can be tried on any job
  double least = 1, most = 1;  // times as fast
};

// In the order in which they are worth trying.
const std::vector<Remedy>& known_remedies();

// The run after the remedies of any job up to this one, one after the other; after one with a condition alone.
struct RemedyStep {
  std::string change, condition;
  TimeRange time;
  bool reaches = false;  // at the slowest of what was seen; maybe: at the fastest alone
  bool may_reach = false;
};

// Until the deadline is reached for sure without a condition, or all are used. Empty where it is reached as it is.
std::vector<RemedyStep> towards_deadline(const TimeRange& now, double deadline_s);

// All remedies together, at the fastest that was seen.
double least_s_with_all(const TimeRange& now);

}  // namespace tlaunch
