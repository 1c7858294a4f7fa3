// Where the checkpoints are that a user names by a folder, and what the run they belong to says about them. Reads
// files, needs neither the run's worker nor its machine.
#pragma once

#include <string>
#include <vector>

#include "checkpoint/folder/catalog.h"
#include "checkpoint/folder/retention.h"

namespace tlaunch {

struct CheckpointPlace {
  std::string folder;   // of the checkpoints; absolute, links resolved
  std::string run_dir;  // the same; "" for a folder of checkpoints that belongs to no run
  RetentionPolicy policy;
};

// `path`: a run's folder, or a folder of checkpoints. `overrides`: keys of checkpoint: that beat the run's config.yaml.
// Throws UsageError where there is no such folder or it is one of several runs, and where a key or value is wrong.
CheckpointPlace find_checkpoints(const std::string& path, const std::vector<std::string>& overrides);

// kept_because() of retention.h with what the run's folder says: the files it wrote, the one it was resumed from.
std::vector<std::string> kept_because(const std::vector<CheckpointInfo>& checkpoints, const CheckpointPlace& place);

}  // namespace tlaunch
