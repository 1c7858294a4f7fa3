// `tlaunch estimate CONFIG`: the forecast of a config, of other lengths, and of changed settings. Pure. Seconds, bytes.
// All functions throw UsageError as forecast_run() does.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "contract/plan.h"
#include "estimate/run_forecast.h"
#include "estimate/spreadsheet.h"

namespace tlaunch {

struct ForecastRow {
  std::string label;  // "standard: 10 epochs"
  TimeEstimate time;
  DiskEstimate disk;
};

// The same effective batch with another micro-batch or number of ranks.
struct SharedStep {
  std::int64_t micro_batch = 0, ranks = 0;
  double likely_s = 0;
  bool measured = false;  // else modelled
};

struct WhatIf {
  std::string label;  // "data x4"
  double likely_s = 0;
};

struct ConfigEstimate {
  RunForecast run;
  Spreadsheet policies;  // disk after 5 to 100 epochs, by retention policy
  std::vector<ForecastRow> horizons;
  std::vector<SharedStep> shared_steps;  // by micro-batch, then ranks; includes the job's own
  std::vector<WhatIf> more_data;
  std::optional<std::uint64_t> free_bytes;
  std::optional<std::uint64_t> data_bytes, weights_bytes;  // already on disk: data.root, model.weights
};

// The input of all estimates of one job.
struct EstimateInput {
  RunConfig config;                       // with the plan applied: no `auto` is left
  TrainConfig asked;                      // `train` as the user wrote it: keys that are set there may not change
  std::int64_t world_size = 1;            // ranks
  bool on_gpu = false;                    // each rank has its own card; else all share the CPU's cores
  std::int64_t cards = 0;                 // GPUs of this machine
  std::uint64_t disk_free_bytes = 0;      // on the disk of the run folder; 0: unknown
  std::map<std::int64_t, double> ladder;  // measured_ladder() of the plan
  Pace pace;                              // measured costs of a step and the rest
  double tuning_s = 0;                    // tuning time of the coming run
  std::int64_t done_steps = 0;            // steps done already, if the run is resumed
  Calibration calibration;                // for `pace`
};

// The forecast of the input's job, or of the job with another config and pace.
RunForecast forecast_of(const EstimateInput& input);
RunForecast forecast_of(const EstimateInput& input, const RunConfig& config, const Pace& pace);

// Samples/s by micro-batch, as tuning measured them; empty if it did not measure.
std::map<std::int64_t, double> measured_ladder(const Plan& plan);

// Share of ideal scaling that remains with more cards, because gradients are exchanged. This is an assumption, marked
// as modelled in every output: jobs on one machine with NVLink scale better, jobs without it or with small batches
// worse.
inline constexpr double rank_scaling = 0.95;

// `epochs`: horizons; empty: a half (quick), all (standard) and ten thirds (high quality) of the config's length.
ConfigEstimate estimate_config(const EstimateInput& input, const std::vector<std::int64_t>& epochs);

}  // namespace tlaunch
