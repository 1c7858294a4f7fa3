#include "estimate/forecast.h"

#include <algorithm>

#include "core/cadence.h"
#include "core/error.h"
#include "estimate/first_estimate.h"

namespace tlaunch {
namespace {

// Sending the last events and taking the process group down, measured.
constexpr double leave_s = 0.05;

double evaluation_s(const Pace& pace) {
  return pace.evaluation_fixed_s + pace.evaluation_sample_s * static_cast<double>(pace.facts.val_samples);
}

// What one save keeps training waiting.
double save_stall_s(const RunConfig& config, const Pace& pace, const RunWork& work) {
  const double write_s = predicted_checkpoint_s(pace.save_bytes);
  if (!config.checkpoint.async) return pace.save_copy_s + write_s;
  const double interval_s = static_cast<double>(work.steps) * pace.step.likely_s /
                            static_cast<double>(std::max<std::int64_t>(1, work.checkpoints));
  return pace.save_copy_s + std::max(0.0, write_s - interval_s);
}

}  // namespace

RunWork work_of(const RunConfig& config, const Pace& pace, std::int64_t done_steps) {
  RunWork work;
  work.effective_batch = config.train.effective_batch_size.value();
  const auto steps_per_epoch = pace.facts.train_samples / work.effective_batch;
  if (steps_per_epoch < 1)
    throw UsageError("train.effective_batch_size: " + std::to_string(work.effective_batch) + " is more than the " +
                     std::to_string(pace.facts.train_samples) + " training samples there are");
  work.length = run_length(config, steps_per_epoch);
  const auto total = work.length.total_steps;
  work.steps = std::max<std::int64_t>(0, total - done_steps);
  work.evaluations = times_left(total, done_steps, work.length.steps_per_evaluation);
  const auto& minutes = config.checkpoint.every_minutes;
  work.checkpoints =
      minutes ? times_left_by_clock(work.steps, static_cast<double>(work.steps) * pace.step.likely_s, *minutes)
              : times_left(total, done_steps, work.length.steps_per_checkpoint);
  work.logged_steps = work.steps / config.log.log_interval.value();
  return work;
}

std::map<std::string, double> units_of(const RunWork& work) {
  const double steps = static_cast<double>(work.steps);
  return {{"start_up", 1},
          {"steps", steps},
          {"data_wait", steps},
          {"evaluation", static_cast<double>(work.evaluations)},
          {"checkpoints", static_cast<double>(work.checkpoints)},
          {"finish", 1}};
}

TimeEstimate forecast(const RunConfig& config, const Pace& pace, const RunWork& work) {
  const double steps = static_cast<double>(work.steps);
  const double steps_s = steps * pace.step.likely_s;
  const std::map<std::string, double> likely = {
      {"start_up", pace.start_s + pace.build_s},
      {"steps", steps_s * (1 - pace.wait_share)},
      {"data_wait", steps_s * pace.wait_share},
      {"evaluation", static_cast<double>(work.evaluations) * evaluation_s(pace)},
      {"checkpoints", static_cast<double>(work.checkpoints) * save_stall_s(config, pace, work)},
      {"finish", pace.detection_s + predicted_checkpoint_s(work.checkpoints > 0 ? pace.save_bytes : 0) + leave_s}};
  TimeEstimate estimate;
  for (const auto& [part, seconds] : likely) estimate = with_part(estimate, part, seconds);
  estimate.low_s -= steps * (pace.step.likely_s - pace.step.low_s);
  estimate.high_s += steps * (pace.step.high_s - pace.step.likely_s);
  return estimate;
}

DiskEstimate disk_forecast(const RunConfig& config, const Pace& pace, const RunWork& work) {
  const RetentionPolicy policy = retention_policy(config.checkpoint);
  const SavePlan plan{pace.save_bytes, work.checkpoints, 0};
  DiskEstimate disk;
  disk.checkpoint_bytes = pace.save_bytes;
  disk.checkpoints = work.checkpoints;
  const auto samples_a_rank =
      config.train.batch_size.value_or(1) * config.train.gradient_accumulation_steps.value_or(1);
  disk.logs = log_bytes({work.logged_steps, work.evaluations, work.checkpoints,
                         (work.steps + work.length.steps_per_epoch - 1) / work.length.steps_per_epoch,
                         std::max<std::int64_t>(1, work.effective_batch / samples_a_rank)});
  const auto with_logs = [&](std::int64_t files) {
    return static_cast<std::uint64_t>(files) * pace.save_bytes + disk.logs.sum();
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
