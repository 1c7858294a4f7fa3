// `tlaunch estimate CONFIG`: the forecast of a config, of other lengths of it, and what would change it. Pure. Seconds,
// bytes. All functions throw UsageError as forecast_run() does.
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
  Spreadsheet policies;  // disk after 5 to 100 epochs, by what is kept
  std::vector<ForecastRow> horizons;
  std::vector<SharedStep> shared_steps;  // by micro-batch, then ranks; the job's own among them
  std::vector<WhatIf> more_data;
  std::optional<std::uint64_t> free_bytes;
  std::optional<std::uint64_t> data_bytes, weights_bytes;  // there already: in data.root, model.weights
};

// What all estimates of one job are computed from.
struct EstimateInput {
  RunConfig config;                       // with the plan applied: no `auto` is left
  TrainConfig asked;                      // `train` as the user wrote it: what is set there may not change
  std::int64_t world_size = 1;            // ranks
  bool on_gpu = false;                    // each rank has a card of its own; else all share the CPU's cores
  std::int64_t cards = 0;                 // GPUs of this machine
  std::uint64_t disk_free_bytes = 0;      // where the run will write; 0: not known
  std::map<std::int64_t, double> ladder;  // measured_ladder() of the plan
  Pace pace;                              // of one step and the rest, as measured
  double tuning_s = 0;                    // of the run to come
  std::int64_t done_steps = 0;            // of a run that is resumed
  Calibration calibration;                // of `pace`
};

// The input's job as it stands, or with another config or pace.
RunForecast forecast_of(const EstimateInput& input);
RunForecast forecast_of(const EstimateInput& input, const RunConfig& config, const Pace& pace);

// samples/s by micro-batch, as tuning measured them; empty if it did not.
std::map<std::int64_t, double> measured_ladder(const Plan& plan);

// Share of ideal scaling that each further card keeps: gradients are exchanged. An assumption, marked as modelled in
// every output; jobs on one machine with NVLink keep more, those without and with small batches less.
inline constexpr double rank_scaling = 0.95;

// `epochs`: horizons; empty: a half (quick), the whole (standard) and ten thirds (high quality) of the config's budget.
ConfigEstimate estimate_config(const EstimateInput& input, const std::vector<std::int64_t>& epochs);

}  // namespace tlaunch
