// The events of one part of a smoke test: every logged loss, evaluation, checkpoint and memory figure. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "contract/run_record.h"

namespace tlaunch {

struct SavedCheckpoint {
  std::string path;
  std::int64_t step = 0;
};

struct SmokeRecord {
  RunRecord run;
  std::int64_t steps_per_epoch = 0;       // of the shortened epochs; 0: not reported
  std::map<std::int64_t, double> losses;  // by step
  std::vector<double> val_losses;         // in the order of evaluations
  std::vector<SavedCheckpoint> checkpoints;
  std::map<int, std::vector<std::int64_t>> peak_bytes;  // by rank, one entry per epoch
  double evaluation_s = 0, checkpoint_s = 0;            // sums
  std::int64_t evaluated_samples = 0, evaluations = 0;
  std::optional<std::int64_t> resumed_step;
  double start_up_s = 0;     // from the launcher's start to the first step event
  std::string failure;       // why the part failed; "": it did not fail
  bool out_of_time = false;  // stopped because the budget was used up

  void on_event(const StampedEvent& event);
};

}  // namespace tlaunch
