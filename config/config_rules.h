// Finds settings that are valid by themselves but cannot be combined. Pure.
#pragma once

#include <string>
#include <vector>

#include "config/description.h"
#include "config/run_config.h"

namespace tlaunch {

struct BrokenRule {
  std::vector<std::string> keys;  // the keys that clash, beginning with the one to change
  std::string what;
};

// Also if `worker` does not have the model or data set: their own rules are skipped then.
std::vector<BrokenRule> broken_rules(const RunConfig& config, const WorkerDescription& worker);

}  // namespace tlaunch
