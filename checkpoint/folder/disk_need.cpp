#include "checkpoint/folder/disk_need.h"

#include <algorithm>

namespace tlaunch {
namespace {

// Bytes, measured in runs of an LSTM and of a conv model: of a line or record of each kind, and of what is written once
// per run. A save also adds its name to checkpoints.txt. An ETA is written per epoch, and in short runs every second.
constexpr std::int64_t csv_line = 67, tensorboard_step = 153, tensorboard_evaluation = 100;
constexpr std::int64_t step_event = 198, evaluation_event = 185, save_event_and_name = 311;
constexpr std::int64_t epoch_events_of_a_rank = 480, eta_event = 250, least_etas = 40;
constexpr std::int64_t first_and_last_events = 6'000, files_beside = 9'000;

}  // namespace

std::int64_t files_kept(const RetentionPolicy& policy, const SavePlan& plan) {
  const std::int64_t all = plan.kept_now + plan.saves;
  if (policy.save_top_k < 0) return all;
  return std::min(all, policy.save_top_k + (policy.save_last ? 1 : 0));
}

std::int64_t files_at_peak(const RetentionPolicy& policy, const SavePlan& plan) {
  const std::int64_t kept = files_kept(policy, plan);
  if (kept == 0) return plan.kept_now;  // the run writes none
  return std::max(plan.kept_now, std::min(plan.kept_now + plan.saves, kept + 1));
}

std::uint64_t bytes_to_come(const RetentionPolicy& policy, const SavePlan& plan) {
  return static_cast<std::uint64_t>(files_at_peak(policy, plan) - plan.kept_now) * plan.checkpoint_bytes;
}

LogBytes log_bytes(const LogWork& work) {
  const auto bytes = [](std::int64_t sum) { return static_cast<std::uint64_t>(std::max<std::int64_t>(0, sum)); };
  return {bytes(csv_line * (work.logged_steps + work.evaluations)),
          bytes(tensorboard_step * work.logged_steps + tensorboard_evaluation * work.evaluations),
          bytes(step_event * work.logged_steps + evaluation_event * work.evaluations +
                save_event_and_name * work.saves + epoch_events_of_a_rank * work.epochs * work.ranks +
                eta_event * std::max(work.epochs, least_etas) + first_and_last_events),
          bytes(files_beside)};
}

std::optional<RetentionPolicy> policy_that_fits(RetentionPolicy policy, const SavePlan& plan,
                                                std::uint64_t free_bytes) {
  const auto fits = [&] { return bytes_to_come(policy, plan) <= free_bytes; };
  if (!fits() && policy.save_top_k < 0) policy.save_top_k = plan.kept_now + plan.saves;
  while (!fits() && policy.save_top_k > 1) --policy.save_top_k;
  if (!fits() && policy.save_top_k == 1) policy.save_last = false;
  if (!fits()) return std::nullopt;
  return policy;
}

}  // namespace tlaunch
