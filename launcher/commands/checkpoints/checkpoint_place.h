// Finds the checkpoints in a folder that the user names, and what their run says about them. Reads files only; needs
// neither the run's worker nor its machine.
#pragma once

#include <string>
#include <vector>

#include "checkpoint/folder/catalog.h"
#include "checkpoint/folder/retention.h"

namespace tlaunch {

struct CheckpointPlace {
  std::string folder;   // of the checkpoints; absolute, links resolved
  std::string run_dir;  // absolute, links resolved; "" for a folder of checkpoints that does not belong to a run
  RetentionPolicy policy;
};

// `path`: a run's folder, or a folder of checkpoints. `overrides`: keys of checkpoint: that override the run's
// config.yaml. Throws UsageError if the folder does not exist or holds several runs, or if a key or value is wrong, and
// IoError if the folder cannot be read.
CheckpointPlace find_checkpoints(const std::string& path, const std::vector<std::string>& overrides);

// kept_because() of retention.h with the facts of the run's folder: the files that the run wrote and the checkpoint
// that it was resumed from.
std::vector<std::string> kept_because(const std::vector<CheckpointInfo>& checkpoints, const CheckpointPlace& place);

}  // namespace tlaunch
