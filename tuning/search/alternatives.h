// Settings worth measuring against the ones in hand: one switch turned at a time. Pure.
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
  TrialSettings settings;    // `now` with that one switch turned
  double expected_gain = 0;  // share of a step, from what others measured (docs/tuning.md); the largest first
};

// Only what the user left open in `config` and what this hardware has: no bf16 on a CPU without its instructions (80
// times slower was seen), nor for keys on a GPU (autocast gives cuDNN's LSTM fp16 instead), no TF32 below capability
// 8.0, no cudnn.benchmark with deterministic.
std::vector<Alternative> alternatives(const TrialSettings& now, const RunConfig& config,
                                      const HardwareProfile& hardware, const JobShape& job);

// The same of what matters only beside a loader at work: fewer threads on the CPU (the cores less the loader's threads;
// half of them, from four up) where neither user nor environment nor `deterministic` asks for a number, and on a GPU
// batches in page-locked memory or not. `now` has the chosen loader.
std::vector<Alternative> loading_alternatives(const TrialSettings& now, const RunConfig& config,
                                              const HardwareProfile& hardware, const JobShape& job);

// The choice's value as the plan writes it.
Json value_of(const TrialSettings& settings, const std::string& key);

}  // namespace tlaunch
