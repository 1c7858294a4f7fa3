// The input of tuning, and the callbacks that report each trial.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "contract/plan.h"
#include "contract/trial.h"
#include "hardware/profile.h"
#include "tuning/search/job_shape.h"

namespace tlaunch {

struct TuneInput {
  const RunConfig& config;  // as the user wrote it: tuning may choose what is auto here
  const HardwareProfile& hardware;
  JobShape job;
  Plan prior;                      // has a choice for every planned key
  std::uint64_t budget_bytes = 0;  // of memory, for one rank (tuning/memory_budget.h)
  // Seconds that tuning may take, process starts and rehearsal included, as the user gave them. None: a share of the
  // run once its pace is known (time_budget.h).
  std::optional<double> budget_s;
  // Measure everything, even if the run is too short to win back the cost (tlaunch tune).
  bool thorough = false;
};

// For showing and logging what happens. Each may be empty.
struct TuneCallbacks {
  std::function<void(const TrialSpec&, const TrialResult&, const std::string& why)> on_trial;
  std::function<void(std::int64_t micro_batch, std::uint64_t peak_bytes)> on_prediction;  // before it is tried
};

}  // namespace tlaunch
