// A team's settings for this card (tune.team_file), as part of the plan.
#pragma once

#include <string>
#include <vector>

#include "launcher/job/job.h"
#include "tuning/team_file.h"

namespace tlaunch {

// The card that this job runs on, as a team file names it: the first GPU in use, or "cpu".
TeamCard team_card(const Job& job);
// Whether that card exists with several memory sizes, so that its entry must name one.
bool has_several_memories(const TeamCard& card);

// The config with the team's values for this card where the user left `auto`, and the plan for it; these choices have
// origin `team`. A batch that does not divide the effective batch is left to tuning. An effective batch that is `auto`
// becomes the product of the team's batch and accumulation. `notes` are for the user. Without tune.team_file, or
// without an entry, the result is the job's own config and plan; a bad file is a note.
struct TeamPlan {
  RunConfig config;
  Plan plan;
  std::vector<std::string> notes;
};
// `new_file`: the file may be absent, because it is about to be written.
TeamPlan with_team_settings(const Job& job, bool new_file);

// Checks that write_team_entry() can write, before anything is measured for it. Throws UsageError if tune.team_file is
// not set or is not a team file, IoError if it cannot be written.
void check_team_file(const Job& job);

// Writes this card's entry with the values of the plan. Throws UsageError if tune.team_file is not set.
std::string write_team_entry(const Job& job);  // returns the file's path

}  // namespace tlaunch
