// `--deadline TIME` of a config: which changes make the run end in time. Pure. Seconds.
#pragma once

#include <string>
#include <vector>

#include "estimate/config_estimate.h"

namespace tlaunch {

struct DeadlineChange {
  std::string label;      // "evaluate every 4 epochs instead of 1"
  std::string setting;    // "eval.every_n_epochs=4"
  double likely_s = 0;    // with this change and all before it in the list
  bool measured = false;  // else modelled
};

struct DeadlineAnswer {
  double deadline_s = 0, likely_s = 0, high_s = 0;  // times of the unchanged run
  bool reached = false;                             // by the unchanged run, even at the high end
  std::vector<DeadlineChange> changes;  // the cheapest ones that reach it, added one by one; else all useful ones
  bool reached_with_changes = false;
  double least_s = 0;   // with all changes
  std::string shorter;  // the length that fits without changes: "train.epochs=6"; "" if not even one epoch fits
};

// `now`: the estimate of the run as it is. Throws UsageError as forecast_run() does.
DeadlineAnswer answer_deadline(const EstimateInput& input, const TimeEstimate& now, double deadline_s);

Json to_json(const DeadlineAnswer& answer);
std::string to_text(const DeadlineAnswer& answer);

}  // namespace tlaunch
