// From a job with the prior's plan to one with a measured plan: team file, cache, trials.
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
  bool retune = false;         // measure anew, whatever the cache holds
  bool thorough = false;       // see TuneInput
  bool new_team_file = false;  // tune.team_file may be absent: it is about to be written
  std::string log_folder;      // of the trial workers' output; "": nowhere
  TimeLimit time_limit = {};   // of the run
};

struct Rehearsal {
  std::optional<Pace> pace;  // nothing where it failed
  bool interrupted = false;  // by SIGINT, SIGTERM or another signal that asks for an end
};

// One rehearsal (estimate/pace.h) of the job as it stands, plan applied: what its parts will take.
Rehearsal rehearse_job(const Job& job, const std::string& log_folder, Progress& progress, EventLog* log);

// The pace that was measured when this job was tuned last, with the settings it has now: nothing is started. For a run
// that keeps its own plan.
std::optional<Pace> kept_pace(const Job& job);

struct TunedJob {
  Job job;  // with the plan that was found
  TuneOutcome outcome;
};

// `job`: with the prior's plan. Narrates on `progress`; `log` (may be null) gets trial and prediction events. Nothing is
// measured where tune.enabled is false or nothing is left open. Throws UsageError.
TunedJob tune_job(const Job& job, const TuneHow& how, Progress& progress, EventLog* log);

struct CachedJob {
  Job job;
  std::vector<std::string> notes;  // about the team's settings
};

// With the cache's plan for this job, unverified; the prior's where there is none. Starts nothing.
CachedJob with_cached_plan(const Job& job);

}  // namespace tlaunch
