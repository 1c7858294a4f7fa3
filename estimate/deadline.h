// `--deadline TIME` of a config: what to change so that the run is done in time. Pure. Seconds.
#pragma once

#include <string>
#include <vector>

#include "estimate/config_estimate.h"

namespace tlaunch {

struct DeadlineChange {
  std::string label;      // "evaluate every 4 epochs instead of 1"
  std::string setting;    // "eval.every_n_epochs=4"
  double likely_s = 0;    // with this change and those before it in the list
  bool measured = false;  // else modelled
};

struct DeadlineAnswer {
  double deadline_s = 0, likely_s = 0, high_s = 0;  // as it is
  bool reached = false;                             // as it is, even at the high end
  std::vector<DeadlineChange> changes;  // the cheapest that reach it, one after the other; else all there are
  bool reached_with_changes = false;
  double least_s = 0;   // with all changes
  std::string shorter;  // the length that fits as it is: "train.epochs=6"; "" if not even one epoch does
};

// `now`: the estimate of the run as it is. Throws UsageError as forecast_run() does.
DeadlineAnswer answer_deadline(const EstimateInput& input, const TimeEstimate& now, double deadline_s);

Json to_json(const DeadlineAnswer& answer);
std::string to_text(const DeadlineAnswer& answer);

}  // namespace tlaunch
