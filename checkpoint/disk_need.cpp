#include "checkpoint/disk_need.h"

#include <algorithm>

namespace tlaunch {
namespace {

// A logged step's, measured.
constexpr std::uint64_t metrics_csv_bytes = 66, tensorboard_bytes = 155, event_bytes = 279;

}  // namespace

std::int64_t files_kept(const RetentionPolicy& policy, const SavePlan& plan) {
  const std::int64_t all = plan.kept_now + plan.saves;
  if (policy.save_top_k < 0) return all;
  return std::min(all, policy.save_top_k + (policy.save_last ? 1 : 0));
}

std::int64_t files_at_peak(const RetentionPolicy& policy, const SavePlan& plan) {
  const std::int64_t kept = files_kept(policy, plan);
  if (kept == 0) return plan.kept_now;  // none is written
  return std::max(plan.kept_now, std::min(plan.kept_now + plan.saves, kept + 1));
}

std::uint64_t bytes_to_come(const RetentionPolicy& policy, const SavePlan& plan) {
  return static_cast<std::uint64_t>(files_at_peak(policy, plan) - plan.kept_now) * plan.checkpoint_bytes;
}

LogBytes log_bytes(std::int64_t logged_steps) {
  const auto steps = static_cast<std::uint64_t>(std::max<std::int64_t>(0, logged_steps));
  return {steps * metrics_csv_bytes, steps * tensorboard_bytes, steps * event_bytes};
}

std::optional<RetentionPolicy> policy_that_fits(RetentionPolicy policy, const SavePlan& plan, std::uint64_t free_bytes) {
  const auto fits = [&] { return bytes_to_come(policy, plan) <= free_bytes; };
  if (!fits() && policy.save_top_k < 0) policy.save_top_k = plan.kept_now + plan.saves;
  while (!fits() && policy.save_top_k > 1) --policy.save_top_k;
  if (!fits() && policy.save_top_k == 1) policy.save_last = false;
  if (!fits()) return std::nullopt;
  return policy;
}

}  // namespace tlaunch
