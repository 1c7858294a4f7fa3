// The whole forecast of a run, told before it starts, and what the run teaches the history when it has ended. Pure.
// Seconds, bytes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "config/run_config.h"
#include "config/run_length.h"
#include "estimate/costs.h"
#include "estimate/disk_estimate.h"
#include "estimate/history.h"
#include "estimate/pace.h"
#include "estimate/time_estimate.h"
#include "estimate/work.h"

namespace tlaunch {

struct RunForecast {
  Pace pace;
  RunLength length;
  std::int64_t effective_batch_size = 0;
  Work work;               // that is still to come
  TimeEstimate rehearsed;  // without tuning; low and high: the step time's own range alone
  TimeEstimate time;       // the same as earlier runs correct it, with tuning
  DiskEstimate disk;
};

// `config`: no `auto` is left in it. `done_steps`: of a run that is resumed. `tuning_s`: what tuning took, or will take.
// Throws UsageError if an epoch has not a single step.
RunForecast forecast_run(const RunConfig& config, const Pace& pace, std::int64_t done_steps, double tuning_s,
                         const Calibration& calibration);

// For forecasts of a job with that pace, and of variants of it. Throws as forecast_run() does.
Calibration calibration_from(const RunConfig& config, const Pace& pace, std::int64_t done_steps,
                             const RunHistory& history, const std::string& job);

// What a run that ended as planned tells the next one. `spent`: by part, tuning among them.
RunOutcome outcome_of(const std::string& job, const RunForecast& forecast, const std::map<std::string, double>& spent);
// What a run that was stopped after `steps` steps tells: of these alone.
RunOutcome outcome_of_steps(const std::string& job, const RunForecast& forecast,
                            const std::map<std::string, double>& spent, std::int64_t steps);

double samples_per_s(const RunForecast& forecast);

// From one checkpoint to the next.
double save_interval_s(const RunForecast& forecast);

// "start-up 3.1 s, steps 1 min 2 s, ...": parts in the order of a run, those that are noticed.
std::string parts_text(const std::map<std::string, double>& parts);

// All parts, in the order of a run, by the names people read.
struct PartRow {
  std::string name;
  TimeRange time;
};
std::vector<PartRow> part_rows(const TimeEstimate& time);

// For the start of a run.
std::vector<std::string> forecast_lines(const RunForecast& forecast);

// The `time`, `throughput`, `disk` and `checkpoints` of `estimate --json`.
Json to_json(const RunForecast& forecast);

}  // namespace tlaunch
