// The plan in the making. Each stage of tune() takes a draft and returns the next one. Plain values; seconds.
#pragma once

#include <cstdint>
#include <string>

#include "config/batch.h"
#include "contract/plan.h"
#include "contract/trial.h"
#include "tuning/search/tune_input.h"

namespace tlaunch {

// What is known about the time of one micro-step, with its update, in the current settings.
struct KnownPace {
  double micro_step_s = 0;  // measured; 0: not yet
  double reckoned_s = 0;    // from the smaller batches of the first two trials; 0: not known
  bool short_run = false;   // the first trials showed a run that is too short for more than the check of the plan
};

struct Draft {
  Plan plan;
  TrialSettings settings;  // the current ones: those of the plan
  std::int64_t world_size = 1;
  KnownPace pace;

  BatchSplit split() const { return {settings.micro_batch, settings.accumulation, world_size}; }
  // Of all ranks, from the measured micro-step, which must be known.
  double samples_per_s() const;
  // Writes a measured choice into the plan, but does not change `settings`.
  void set(const std::string& key, const Json& value, const std::string& reason, Json evidence);
  // The prior's value stays; adds to its reason why.
  void keep_prior(const std::string& key, const std::string& why);
};

// The prior's plan, before any trial.
Draft first_draft(const TuneInput& input);

}  // namespace tlaunch
