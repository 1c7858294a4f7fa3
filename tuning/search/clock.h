// The time budget of tuning, and whether there is time for one more trial. Seconds.
#pragma once

#include <cstdint>
#include <string>

#include "tuning/search/draft.h"
#include "tuning/search/lab.h"

namespace tlaunch {

constexpr double least_rehearsal_s = 0.5;
constexpr double rehearsal_cost = 1.25;  // times its length: with the evaluation that is timed beside it

// The first trials are timed roughly, in few rounds: enough to recognise a short run.
constexpr int rough_trials = 2;
constexpr std::int64_t rough_rounds = 2;

// The budget of this tuning as a whole: the user's, or else one that follows from the run's length once the pace is
// known.
double time_budget_s(const Lab& lab, const Draft& draft);
// The length of the rehearsal that the check of the plan should have, if there is time.
double wanted_rehearsal_s(const Lab& lab, const Draft& draft);
// The time that the check of the plan takes, in new processes (`fresh`) or in those that are there.
double last_check_s(const Lab& lab, const Draft& draft, bool fresh);

// No time is left for a trial that costs `cost_s` and for the check of the plan. Marks tuning as unfinished then.
bool no_time_for(Lab& lab, const Draft& draft, double cost_s);
// In a run of this length, a setting that saves the share `gain` of each step wins back what measuring it costs. Marks
// tuning as unfinished if not.
bool pays_off(Lab& lab, const Draft& draft, double gain, double cost_s);
// There is not even time to measure memory better than the check of the plan does. Before the pace is known, only a
// budget that the user gave can be spent, or the budget of a run that is short at any pace.
bool user_budget_spent(const Lab& lab, const Draft& draft);
// The words for a choice that keeps the prior's value.
std::string why_not_measured(const Lab& lab, const Draft& draft);

// The time of one micro-step as a trial showed it.
struct StepSeen {
  std::int64_t micro_batch = 0;  // 0: none
  double seconds = 0;
};
// After one of the first trials: is there time for more than the check? Returns the draft's pace, with the answer that
// `seen` and the trial `before` it give. The pace is unchanged after later trials, and if the budget does not follow
// from the run's length.
KnownPace after_first_trial(Lab& lab, const Draft& draft, const StepSeen& before, const StepSeen& seen);

}  // namespace tlaunch
