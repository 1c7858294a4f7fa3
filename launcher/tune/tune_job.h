// Replaces the prior's plan of a job by a measured plan: team file, cache, trials.
#pragma once

#include <string>
#include <vector>

#include "launcher/job/job.h"
#include "launcher/narration/event_log.h"
#include "launcher/narration/progress.h"
#include "processes/group/time_limit.h"
#include "tuning/tuner.h"

namespace tlaunch {

struct TuneHow {
  bool retune = false;         // measure again even if the cache has a plan
  bool thorough = false;       // see TuneInput
  bool new_team_file = false;  // tune.team_file may be absent, because it is about to be written
  std::string log_folder;      // for the output of the trial workers; "": none
  TimeLimit time_limit = {};   // of the run
};

struct Rehearsal {
  std::optional<Pace> pace;  // empty if it failed
  bool interrupted = false;  // by SIGINT, SIGTERM or another signal to stop
};

// One rehearsal (estimate/pace.h) of the job with its plan: measures how long its parts take.
Rehearsal rehearse_job(const Job& job, const std::string& log_folder, Progress& progress, EventLog* log);

// The pace measured when this job was last tuned, if the settings were those it has now. Starts nothing. For a run that
// keeps its own plan.
std::optional<Pace> kept_pace(const Job& job);

struct TunedJob {
  Job job;  // with the chosen plan
  TuneOutcome outcome;
};

// `job` has the prior's plan. Reports on `progress`; `log` (may be null) gets trial and prediction events. Measures
// nothing if tune.enabled is false or no setting is auto. Throws UsageError, and Error with exit code 75 if a signal
// other than SIGINT or the time limit stops it.
TunedJob tune_job(const Job& job, const TuneHow& how, Progress& progress, EventLog* log);

struct CachedJob {
  Job job;
  std::vector<std::string> notes;  // about the team's settings
};

// The job with its plan from the cache, unverified, or with the prior's if there is none. Starts nothing.
CachedJob with_cached_plan(const Job& job);

}  // namespace tlaunch
