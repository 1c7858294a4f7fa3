#include "worker/save_thread.h"

#include <cerrno>
#include <iostream>
#include <system_error>
#include <utility>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "worker/disk_preflight.h"

namespace tlaunch {
namespace {

constexpr int most_failures = 3;

CheckpointFolder opened(const std::string& dir, const WorkerEnvironment& environment, const RetentionPolicy& policy,
                        FileCalls& calls) {
  try {
    return {dir, environment.run_dir, policy, environment.resume_path, calls};
  } catch (const IoError& error) {  // before the first step: the user can change the config without loss
    throw UsageError(format_text("{}; set checkpoint.dirpath to a folder that can be written", error.what()));
  }
}

}  // namespace

Metadata metadata_of(const SavePoint& point) {
  Metadata metadata = point.metadata;
  metadata[format_key] = std::to_string(newest_format);
  metadata[step_key] = std::to_string(point.step);
  metadata[epoch_key] = std::to_string(point.epoch);
  if (!point.metrics.empty()) metadata[metrics_key] = without_nonfinite(point.metrics).dump();
  return metadata;
}

std::string SaveThread::folder(const WorkerEnvironment& environment, const CheckpointConfig& config) {
  return checkpoint_dir(config, environment.run_dir);
}

SaveThread::SaveThread(const WorkerEnvironment& environment, const CheckpointConfig& config, Recorder& recorder,
                       FileCalls& calls)
    : environment_(environment),
      recorder_(recorder),
      dir_(folder(environment, config)),
      policy_(retention_policy(config)),
      file_name_(config.filename),
      async_(config.async),
      min_free_bytes_(min_free_bytes(config)),
      folder_(opened(dir_, environment, policy_, calls)) {}

SaveThread::~SaveThread() {
  if (future_.valid()) future_.wait();
}

void SaveThread::prepare(const std::vector<TensorView>& views, const SavePoint& point, const LogWork& work,
                         bool fit_disk, StartEvent& facts) {
  const auto bytes = checkpoint_bytes_ = safetensors_size(views, metadata_of(point));
  const DiskPreflight preflight{dir_,
                                environment_.run_dir.empty() ? dir_ : environment_.run_dir,
                                policy_,
                                {bytes, work.saves, folder_.written_count()},
                                log_bytes(work).sum(),
                                min_free_bytes_,
                                fit_disk};
  const auto policy = check_disk(preflight);
  if (policy.save_top_k != policy_.save_top_k || policy.save_last != policy_.save_last) {
    policy_ = policy;
    folder_.set_policy(policy_);
    facts.fitted_save_top_k = policy.save_top_k;
    facts.fitted_save_last = policy.save_last;
  }
  facts.checkpoint_bytes = bytes;
  facts.disk_bytes = static_cast<std::uint64_t>(files_at_peak(policy_, preflight.saves)) * bytes + preflight.log_bytes;
}

bool SaveThread::begin(std::int64_t step, const std::map<std::string, double>& metrics) {
  const double start_s = monotonic_s();
  if (future_.valid()) take_result();
  under_way_ = {};
  under_way_.start_s = start_s;
  under_way_.wait_s = monotonic_s() - start_s;
  return folder_.wants(step, metrics);
}

std::string SaveThread::name_at(const SavePoint& point) const {
  auto values = point.metrics;
  values["step"] = static_cast<double>(point.step);
  values["epoch"] = static_cast<double>(point.epoch);
  return file_name_.fill(values);
}

void SaveThread::write(SavePoint point, std::vector<TensorView> views, std::function<void()> wait_for_bytes) {
  under_way_.name = name_at(point);
  under_way_.point = std::move(point);
  under_way_.views = std::move(views);
  under_way_.wait_for_bytes = std::move(wait_for_bytes);
  under_way_.copy_s = monotonic_s() - under_way_.start_s - under_way_.wait_s;
  start();
  if (!async_) take_result();
}

void SaveThread::start() {
  try {
    future_ = std::async(std::launch::async, [this] { return save(); });
  } catch (const std::system_error&) {  // the system has no thread left
    future_ = std::async(std::launch::deferred, [this] { return save(); });
  }
}

SaveResult SaveThread::save() {
  check_free(dir_, checkpoint_bytes_, min_free_bytes_);
  if (under_way_.wait_for_bytes) under_way_.wait_for_bytes();
  return folder_.save(under_way_.name, under_way_.views, metadata_of(under_way_.point));
}

void SaveThread::poll() {
  if (future_.valid() && future_.wait_for(std::chrono::seconds(0)) != std::future_status::timeout) take_result();
}

void SaveThread::take_result() {
  SaveResult result;
  try {
    result = future_.get();
  } catch (const IoError& error) {
    return report_failure(error);
  }
  failures_ = 0;
  report(result);
}

void SaveThread::report(const SaveResult& result) {
  const double all_s = monotonic_s() - under_way_.start_s;
  CheckpointEvent saved;
  saved.path = result.path;
  saved.step = under_way_.point.step;
  saved.epoch = under_way_.point.epoch;
  saved.bytes = result.bytes;
  saved.seconds = all_s;
  saved.stall_s = async_ ? under_way_.copy_s + under_way_.wait_s : all_s;
  saved.wait_s = under_way_.wait_s;
  saved.folder_bytes = result.folder_bytes;
  saved.deleted = static_cast<std::int64_t>(result.deleted.size());
  if (!result.problem.empty()) saved.problem = result.problem;
  const bool run_folder_gone = !result.gone.empty() && result.gone == environment_.run_dir;
  if (!result.gone.empty() && !run_folder_gone) saved.gone = result.gone;  // the launcher notices a lost run folder
  recorder_.event(saved);
  if (run_folder_gone) recorder_.open(under_way_.point.step);
}

void SaveThread::report_failure(const IoError& error) {
  ++failures_;
  const bool full = error.system_error == ENOSPC || error.system_error == EDQUOT;
  const std::string given_up = full ? folder_.make_room() : "";
  recorder_.event(SaveFailedEvent{under_way_.point.step, error.what(), failures_, given_up});
  if (!environment_.events.connected())  // otherwise the launcher prints it
    std::cerr << format_text("could not save the checkpoint of step {}: {}", under_way_.point.step, error.what())
              << std::endl;
  if (failures_ >= most_failures)
    throw IoError(format_text("{}; {} saves in a row failed", error.what(), failures_), error.system_error);
}

void SaveThread::keep_newest() {
  policy_.save_last = true;
  folder_.set_policy(policy_);
}

void SaveThread::finish() {
  while (future_.valid()) {
    const int before = failures_;
    take_result();
    if (failures_ > before) start();  // the end of a run is worth another try
  }
}

std::string SaveThread::newest() {
  if (future_.valid()) take_result();
  return folder_.newest();
}

}  // namespace tlaunch
