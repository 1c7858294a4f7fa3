// A team's settings for this card (tune.team_file), as part of the plan.
#pragma once

#include <string>
#include <vector>

#include "config/team_file.h"
#include "launcher/job/job.h"

namespace tlaunch {

// The card this job runs on, as a team file names it: the first GPU in use, or "cpu".
TeamCard team_card(const Job& job);
// Whether that card is made with several memories, so that its entry must name one.
bool has_several_memories(const TeamCard& card);

// The config with what the team's entry for this card says where the user left `auto`, and the plan for it: such
// choices have origin `team`. A batch that the effective batch cannot be shared into is left to tuning; an effective
// batch left to auto is what the team's batch and accumulation make. `notes`: what a person should know. Without
// tune.team_file, or without an entry, the job's own. Throws UsageError for a bad file.
struct TeamPlan {
  RunConfig config;
  Plan plan;
  std::vector<std::string> notes;
};
// `new_file`: one that is yet to be written may be absent.
TeamPlan with_team_settings(const Job& job, bool new_file);

// Whether write_team_entry() could write, before anything is measured for it. Throws UsageError where tune.team_file is
// not set or holds something else, IoError where it cannot be written.
void check_team_file(const Job& job);

// Writes this card's entry with the plan's values. Throws UsageError where tune.team_file is not set.
std::string write_team_entry(const Job& job);  // returns the file's path

}  // namespace tlaunch
