// Which checkpoints of a folder a run keeps. Pure.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "checkpoint/folder/catalog.h"
#include "config/run_config.h"

namespace tlaunch {

struct RetentionPolicy {
  std::int64_t save_top_k = 1;  // so many with the best `monitor`; -1: all, 0: none for its metric
  bool save_last = true;        // the newest as well
  std::string monitor = "val_loss";
  bool lower_is_better = true;
};

RetentionPolicy retention_policy(const CheckpointConfig& config);

// Why each of `checkpoints` is kept, in their order: "last", "best 1 of val_loss", "save_top_k -1", ...; "" where
// nothing speaks for it and it may be deleted. Of equal metrics the newer is the better one; a metric that is absent or
// not finite is in no ranking. Only a valid file out of `written` (absolute paths: what the run wrote itself) may ever
// be deleted, and never `resumed_from`.
std::vector<std::string> kept_because(const std::vector<CheckpointInfo>& checkpoints, const RetentionPolicy& policy,
                                      const std::set<std::string>& written, const std::string& resumed_from);

}  // namespace tlaunch
