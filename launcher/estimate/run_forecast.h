// What a run will take, told before it starts.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "launcher/job/job.h"
#include "tuning/forecast.h"
#include "tuning/history.h"

namespace tlaunch {

struct RunForecast {
  Pace pace;
  RunWork work;
  TimeEstimate measured;         // tuning left out, as the rehearsal says: what a history is made of
  TimeEstimate time;             // the same in the light of earlier runs, tuning included
  DiskEstimate disk;
};

// Pure. `done_steps`: of a run that is resumed. `tuning_s`: what tuning took, or will take.
RunForecast forecast_run(const RunConfig& config, const Pace& pace, std::int64_t done_steps, double tuning_s,
                         const std::vector<Outcome>& history, const std::string& job);

double samples_per_s(const RunForecast& forecast);

// "start-up 3.1 s, steps 1 min 2 s, ...": parts in the order of a run, those that are noticed.
std::string parts_text(const std::map<std::string, double>& parts);

// For the start of a run.
std::vector<std::string> forecast_lines(const RunForecast& forecast);

// The `time`, `throughput`, `disk` and `checkpoints` of `estimate --json`.
Json to_json(const RunForecast& forecast);

}  // namespace tlaunch
