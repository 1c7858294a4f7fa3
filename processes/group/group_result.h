// What a group's end means for the caller: exit code, failure.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "processes/group/diagnosis.h"

namespace tlaunch {

// Reads the workers' error files; `last_lines` returns the end of each rank's own output. `run`: as for diagnose().
GroupResult group_result(GroupRecord record, const RunRecord* run,
                         const std::function<std::vector<std::string>(int rank)>& last_lines);

}  // namespace tlaunch
