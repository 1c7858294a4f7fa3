// What a run's folder holds from its start: config.yaml as asked for (every key, `auto` where tuning decides) and
// plan.json, which says what `auto` became. Written atomically. Throws IoError.
//
// config.yaml by itself starts the same run again, from wherever: it has the number of ranks that the run had, and no
// relative path.
#pragma once

#include "launcher/job/job.h"
#include "launcher/run/run_folder.h"

namespace tlaunch {

struct RunFiles {
  std::string config_path, plan_path;
};

// The plan with which rank is where, "placement" (hardware/placement.h).
Json plan_json(const Job& job);

RunFiles write_run_files(const Job& job, const RunFolder& folder);

}  // namespace tlaunch
