// What tuning is asked, and whom it tells of each trial.
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
  const RunConfig& config;  // as asked for: what is open here may be chosen
  const HardwareProfile& hardware;
  JobShape job;
  Plan prior;                      // every choice made
  std::uint64_t budget_bytes = 0;  // of memory, for one rank (tuning/memory_budget.h)
  // Seconds that tuning may take, process starts and rehearsal included: as given, or a share of the run once its pace
  // is known.
  std::optional<double> budget_s;
  // Measure all there is, even where the run is too short to win the cost back (tlaunch tune).
  bool thorough = false;
};

// What to show and to log while it goes on. Each may be empty.
struct TuneCallbacks {
  std::function<void(const TrialSpec&, const TrialResult&, const std::string& why)> on_trial;
  std::function<void(std::int64_t micro_batch, std::uint64_t peak_bytes)> on_prediction;  // before it is tried
};

}  // namespace tlaunch
