// The whole forecast of a run before it starts, and the outcome for the history when the run has ended. Pure. Seconds,
// bytes.
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
  Work work;               // still to come
  TimeEstimate rehearsed;  // without tuning; low and high come from the step time's range only
  TimeEstimate time;       // the same corrected by earlier runs, with tuning
  DiskEstimate disk;
};

// `config`: no `auto` is left in it. `done_steps`: steps done already, if the run is resumed. `tuning_s`: the past or
// expected time of tuning. Throws UsageError if an epoch is shorter than one step.
RunForecast forecast_run(const RunConfig& config, const Pace& pace, std::int64_t done_steps, double tuning_s,
                         const Calibration& calibration);

// The calibration for forecasts of a job with that pace, and of variants of it. Throws as forecast_run() does.
Calibration calibration_from(const RunConfig& config, const Pace& pace, std::int64_t done_steps,
                             const RunHistory& history, const std::string& job);

// The outcome of a run that ended as planned. `spent`: by part, including tuning.
RunOutcome outcome_of(const std::string& job, const RunForecast& forecast, const std::map<std::string, double>& spent);
// The outcome of a run that was stopped after `steps` steps: of these steps only.
RunOutcome outcome_of_steps(const std::string& job, const RunForecast& forecast,
                            const std::map<std::string, double>& spent, std::int64_t steps);

double samples_per_s(const RunForecast& forecast);

// The time from one checkpoint to the next.
double save_interval_s(const RunForecast& forecast);

// "start-up 3.1 s, steps 1 min 2 s, ...": parts of at least 1 % of the time, in the order of a run.
std::string parts_text(const std::map<std::string, double>& parts);

// All parts in the order of a run, with their names for people.
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
