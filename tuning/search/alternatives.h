// Settings worth measuring against the current ones: one switch changed at a time. Pure.
#pragma once

#include <string>
#include <vector>

#include "contract/trial.h"
#include "hardware/profile.h"
#include "tuning/search/job_shape.h"

namespace tlaunch {

inline constexpr const char* switch_keys[] = {"gpu.mixed_precision", "gpu.tf32", "gpu.cudnn_benchmark",
                                              "gpu.channels_last"};

struct Alternative {
  std::string key;           // the plan's: one of switch_keys, "launch.threads_per_rank", "data.pin_memory"
  TrialSettings settings;    // `now` with that one switch changed
  double expected_gain = 0;  // share of a step that others have measured (docs/tuning.md)
};

// The largest expected gain first. Only switches that `config` leaves open and that this hardware has: no bf16 on a CPU
// without its instructions (80 times slower was seen), nor for keys on a GPU (autocast gives cuDNN's LSTM fp16
// instead), no TF32 below capability 8.0, no cudnn.benchmark with deterministic.
std::vector<Alternative> alternatives(const TrialSettings& now, const RunConfig& config,
                                      const HardwareProfile& hardware, const JobShape& job);

// The same for settings that matter only beside a loader at work. On the CPU: fewer threads (the cores less the
// loader's threads; from four cores up also half of them), unless the user, the environment or `deterministic` fixes
// the number. On a GPU: batches in page-locked memory or not. `now` has the chosen loader.
std::vector<Alternative> loading_alternatives(const TrialSettings& now, const RunConfig& config,
                                              const HardwareProfile& hardware, const JobShape& job);

// The value of a planned key in these settings, as a plan writes it.
Json value_of(const TrialSettings& settings, const std::string& key);

}  // namespace tlaunch
