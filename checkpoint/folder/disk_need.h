// Computes the disk space that a run's checkpoints and logs will take, before the run starts. Pure. Bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "checkpoint/folder/retention.h"

namespace tlaunch {

struct SavePlan {
  std::uint64_t checkpoint_bytes = 0;  // size of one checkpoint
  std::int64_t saves = 0;              // number still to come
  std::int64_t kept_now = 0;           // number of this run's checkpoints that are already in the folder
};

// The number of files in the folder when the run ends, and the most at one time: a new one is complete before an old
// one is deleted.
std::int64_t files_kept(const RetentionPolicy& policy, const SavePlan& plan);
std::int64_t files_at_peak(const RetentionPolicy& policy, const SavePlan& plan);

// Bytes that the checkpoints may still add to the folder.
std::uint64_t bytes_to_come(const RetentionPolicy& policy, const SavePlan& plan);

// The work that decides how much a run writes besides its checkpoints.
struct LogWork {
  std::int64_t logged_steps = 0, evaluations = 0, saves = 0, epochs = 0, ranks = 1;
};

struct LogBytes {
  std::uint64_t metrics_csv = 0, tensorboard = 0, events = 0, other = 0;  // other: config, plan, summary
  std::uint64_t sum() const { return metrics_csv + tensorboard + events + other; }
};

LogBytes log_bytes(const LogWork& work);

// The policy closest to `policy` whose bytes_to_come() fit into `free_bytes`: first it keeps fewer best checkpoints,
// then it drops save_last. Nothing if no policy fits.
std::optional<RetentionPolicy> policy_that_fits(RetentionPolicy policy, const SavePlan& plan, std::uint64_t free_bytes);

}  // namespace tlaunch
