// What a run will take, told before it starts.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "estimate/eta.h"
#include "estimate/forecast.h"
#include "estimate/history.h"

namespace tlaunch {

struct RunForecast {
  Pace pace;
  RunWork work;
  TimeEstimate rehearsed;  // tuning left out
  TimeEstimate time;       // the same in the light of earlier runs, tuning included
  DiskEstimate disk;
};

// Pure. `done_steps`: of a run that is resumed. `tuning_s`: what tuning took, or will take.
RunForecast forecast_run(const RunConfig& config, const Pace& pace, std::int64_t done_steps, double tuning_s,
                         const Calibration& calibration);

// For forecasts of a job with that pace, and of variants of it.
Calibration calibration_of(const RunConfig& config, const Pace& pace, std::int64_t done_steps,
                           const std::vector<Outcome>& history, const std::string& job);

// What a run that ended as planned tells the next one. `spent`: by part, tuning among them.
Outcome outcome_of(const std::string& job, const RunForecast& forecast, const std::map<std::string, double>& spent);
// What one that was stopped after so many steps does: of these alone.
Outcome outcome_of_steps(const std::string& job, const RunForecast& forecast,
                         const std::map<std::string, double>& spent, std::int64_t steps);

double samples_per_s(const RunForecast& forecast);

// From one checkpoint to the next.
double save_interval_s(const RunForecast& forecast);

// For the ETA to start from. Nothing where no step is left.
std::optional<ExpectedCosts> expected_costs(const RunForecast& forecast);

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
