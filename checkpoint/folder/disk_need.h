// How much disk a run's checkpoints take, before it starts. Pure. Bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "checkpoint/folder/retention.h"

namespace tlaunch {

struct SavePlan {
  std::uint64_t checkpoint_bytes = 0;  // of one
  std::int64_t saves = 0;              // still to come
  std::int64_t kept_now = 0;           // of this run's, in the folder already
};

// Files in the folder when the run ends, and the most there are at a time: a new one is whole before an old one goes.
std::int64_t files_kept(const RetentionPolicy& policy, const SavePlan& plan);
std::int64_t files_at_peak(const RetentionPolicy& policy, const SavePlan& plan);

// What the checkpoints may still add to what is in the folder.
std::uint64_t bytes_to_come(const RetentionPolicy& policy, const SavePlan& plan);

// What a run writes beside its checkpoints, while it does so much.
struct LogWork {
  std::int64_t logged_steps = 0, evaluations = 0, saves = 0, epochs = 0, ranks = 1;
};

struct LogBytes {
  std::uint64_t metrics_csv = 0, tensorboard = 0, events = 0, other = 0;  // other: config, plan, summary
  std::uint64_t sum() const { return metrics_csv + tensorboard + events + other; }
};

LogBytes log_bytes(const LogWork& work);

// The policy closest to `policy` whose bytes_to_come are within `free_bytes`: fewer best ones first, then no last one
// beside them. Nothing where none is.
std::optional<RetentionPolicy> policy_that_fits(RetentionPolicy policy, const SavePlan& plan, std::uint64_t free_bytes);

}  // namespace tlaunch
