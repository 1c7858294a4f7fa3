#include "estimate/disk_estimate.h"

#include <algorithm>

namespace tlaunch {

DiskEstimate estimate_disk(const RunConfig& config, const Work& work, std::uint64_t checkpoint_bytes) {
  const RetentionPolicy policy = retention_policy(config.checkpoint);
  const SavePlan plan{checkpoint_bytes, work.saves, 0};
  const std::int64_t samples_per_rank =
      config.train.batch_size.value_or(1) * config.train.gradient_accumulation_steps.value_or(1);
  const std::int64_t ranks = std::max<std::int64_t>(1, config.train.effective_batch_size.value() / samples_per_rank);
  DiskEstimate disk;
  disk.checkpoint_bytes = checkpoint_bytes;
  disk.checkpoints = work.saves;
  disk.logs = log_bytes({work.logged_steps, work.evaluations, work.saves, work.epochs, ranks});
  const auto with_logs = [&](std::int64_t files) {
    return static_cast<std::uint64_t>(files) * checkpoint_bytes + disk.logs.sum();
  };
  disk.peak_bytes = with_logs(files_at_peak(policy, plan));
  disk.final_bytes = with_logs(files_kept(policy, plan));
  RetentionPolicy newest_is_best = policy;
  if (policy.save_top_k > 0) newest_is_best.save_last = false;
  disk.peak_low_bytes = with_logs(files_at_peak(newest_is_best, plan));
  disk.final_low_bytes = with_logs(files_kept(newest_is_best, plan));
  return disk;
}

}  // namespace tlaunch
