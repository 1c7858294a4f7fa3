// Combinations of settings that cannot work, each valid by itself. Pure.
#pragma once

#include <string>
#include <vector>

#include "config/description.h"
#include "config/run_config.h"

namespace tlaunch {

struct BrokenRule {
  std::vector<std::string> keys;  // those that clash; the one to change first
  std::string what;
};

// `worker` need not know the model or data set.
std::vector<BrokenRule> broken_rules(const RunConfig& config, const WorkerDescription& worker);

}  // namespace tlaunch
