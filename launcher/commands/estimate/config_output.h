// The output of `tlaunch estimate CONFIG` from a ConfigEstimate: JSON, or tables for people. Pure.
#pragma once

#include <string>

#include "base/json.h"
#include "estimate/config_estimate.h"
#include "launcher/job/job.h"

namespace tlaunch {

// The `estimate --json` object of docs/command-line.md.
Json to_json(const ConfigEstimate& estimate);
// The same as tables, each line with its newline. `job`: the one that was estimated.
std::string to_text(const ConfigEstimate& estimate, const Job& job);

}  // namespace tlaunch
