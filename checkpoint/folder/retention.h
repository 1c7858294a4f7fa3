// Decides which checkpoints of a folder a run keeps. Pure.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "checkpoint/folder/catalog.h"
#include "config/run_config.h"

namespace tlaunch {

struct RetentionPolicy {
  std::int64_t save_top_k = 1;  // number to keep by best `monitor`; -1: all, 0: none by metric
  bool save_last = true;        // also keep the newest
  std::string monitor = "val_loss";
  bool lower_is_better = true;
};

RetentionPolicy retention_policy(const CheckpointConfig& config);

// Why each of `checkpoints` is kept, in their order: "last", "best 1 of val_loss", "save_top_k -1", ...; "" if there is
// no reason and it may be deleted. Of equal metrics the newer one is better; a checkpoint whose metric is absent or not
// finite is not ranked. Only valid files in `written` (absolute paths of the files that the run wrote itself) may be
// deleted, and never `resumed_from`.
std::vector<std::string> kept_because(const std::vector<CheckpointInfo>& checkpoints, const RetentionPolicy& policy,
                                      const std::set<std::string>& written, const std::string& resumed_from);

}  // namespace tlaunch
