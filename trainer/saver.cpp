#include "trainer/saver.h"

#include <cerrno>
#include <iostream>

#include "trainer/smoke.h"
#include "trainer/timing.h"
#include "worker/disk_preflight.h"
#include "worker/run_phase.h"

namespace tlaunch {
namespace {

constexpr int most_failures = 3;

// A text that rank 0 knows, on all ranks.
std::string shared_text(const Group& group, std::string text) {
  text.resize(static_cast<std::size_t>(agree(group, static_cast<std::int64_t>(text.size()))));
  if (group.size() == 1 || text.empty()) return text;
  const auto bytes = torch::empty({static_cast<std::int64_t>(text.size())}, torch::kUInt8);
  std::copy(text.begin(), text.end(), static_cast<char*>(bytes.mutable_data_ptr()));
  group.broadcast({bytes});
  return {static_cast<const char*>(bytes.const_data_ptr()), text.size()};
}

}  // namespace

Saver::Saver(const WorkerContext& context, const RunConfig& config, const Group& group, Recorder& recorder)
    : context_(context),
      group_(group),
      recorder_(recorder),
      dir_(checkpoint_dir(config.checkpoint, context.run_dir)),
      policy_(retention_policy(config.checkpoint)),
      file_name_(config.checkpoint.filename),
      async_(config.checkpoint.async),
      min_free_bytes_(min_free_bytes(config.checkpoint)),
      snapshot_(context.device) {
  if (!writes()) return;
  try {
    folder_.emplace(dir_, context.run_dir, policy_, context.resume_path);
  } catch (const IoError& error) {  // there is nothing to lose yet
    throw UsageError(std::string(error.what()) + "; set checkpoint.dirpath to a folder that can be written");
  }
}

Saver::~Saver() {
  if (future_.valid()) future_.wait();  // it writes from our memory
}

void Saver::prepare(const NamedTensors& tensors, const Metadata& metadata, const LogWork& work, bool fit_disk,
                    StartEvent& told) {
  if (!writes()) return;
  const auto bytes = checkpoint_bytes_ = safetensors_size(views_of(tensors), metadata);
  DiskPreflight preflight{dir_,
                          context_.run_dir.empty() ? dir_ : context_.run_dir,
                          policy_,
                          {bytes, work.saves, folder_->written_count()},
                          log_bytes(work).sum(),
                          min_free_bytes_,
                          fit_disk};
  const auto policy = check_disk(preflight);
  if (policy.save_top_k != policy_.save_top_k || policy.save_last != policy_.save_last) {
    policy_ = policy;
    folder_->set_policy(policy_);
    told.fitted_save_top_k = policy.save_top_k;
    told.fitted_save_last = policy.save_last;
  }
  told.checkpoint_bytes = bytes;
  told.disk_bytes = static_cast<std::uint64_t>(files_at_peak(policy_, preflight.saves)) * bytes + preflight.log_bytes;
}

std::string Saver::name_at(const Progress& progress, std::int64_t epoch) const {
  auto values = progress.metrics;
  values["step"] = static_cast<double>(progress.step);
  values["epoch"] = static_cast<double>(epoch);
  return file_name_.fill(values);
}

bool Saver::save(Job& job, TrainStep& step, const Progress& progress, const RunIdentity& identity,
                 const TakeCopies& take) {
  if (dir_.empty()) return true;
  const auto start = Clock::now();
  if (future_.valid()) take_result();  // at most one under way: its memory is the one to copy to
  const double wait_s = seconds_since(start);
  if (agree(group_, writes() && folder_->wants(progress.step, progress.metrics)) == 0) return true;
  const auto tensors = saved_tensors(job, step, group_);
  auto metadata = saved_metadata(step, progress, identity);
  const bool copied = take([&] {
    if (writes()) snapshot_.take(tensors);
  });
  if (!copied || !writes()) return copied;
  const auto epoch = progress.step / identity.steps_per_epoch;
  under_way_ = {name_at(progress, epoch), std::move(metadata), progress.step, epoch, 0, wait_s, start};
  under_way_.copy_s = seconds_since(start) - wait_s;
  start_writing();
  if (!async_) take_result();
  return true;
}

void Saver::start_writing() {
  const auto write = [this] {
    check_free(dir_, checkpoint_bytes_, min_free_bytes_);
    return folder_->save(under_way_.name, snapshot_.views(), under_way_.metadata);
  };
  try {
    future_ = std::async(std::launch::async, write);
  } catch (const std::system_error&) {  // no thread is to be had
    future_ = std::async(std::launch::deferred, write);
  }
}

void Saver::poll() {
  if (future_.valid() && future_.wait_for(std::chrono::seconds(0)) != std::future_status::timeout) take_result();
}

void Saver::take_result() {
  SaveResult result;
  try {
    result = future_.get();
  } catch (const IoError& error) {
    return tell_failure(error);
  }
  failures_ = 0;
  const double all_s = seconds_since(under_way_.start);
  CheckpointEvent saved;
  saved.path = result.path;
  saved.step = under_way_.step;
  saved.epoch = under_way_.epoch;
  saved.bytes = result.bytes;
  saved.seconds = all_s;
  saved.stall_s = async_ ? under_way_.copy_s + under_way_.wait_s : all_s;
  saved.wait_s = under_way_.wait_s;
  saved.folder_bytes = result.folder_bytes;
  saved.deleted = static_cast<std::int64_t>(result.deleted.size());
  if (!result.problem.empty()) saved.problem = result.problem;
  const bool run_folder_gone = !result.gone.empty() && result.gone == context_.run_dir;
  if (!result.gone.empty() && !run_folder_gone) saved.gone = result.gone;  // the run's the launcher notices itself
  recorder_.event(saved);
  if (run_folder_gone) recorder_.open(under_way_.step);
}

void Saver::tell_failure(const IoError& error) {
  ++failures_;
  const bool full = error.system_error == ENOSPC || error.system_error == EDQUOT;
  const std::string given_up = full ? folder_->make_room() : "";
  recorder_.event(SaveFailedEvent{under_way_.step, error.what(), failures_, given_up});
  if (!context_.events.connected())  // else the launcher says it
    std::cerr << "the checkpoint of step " << under_way_.step << " was not saved: " << error.what() << std::endl;
  if (failures_ >= most_failures)
    throw IoError(std::string(error.what()) + "; " + std::to_string(failures_) + " saves in a row failed",
                  error.system_error);
}

void Saver::keep_newest() {
  policy_.save_last = true;
  if (folder_) folder_->set_policy(policy_);
}

void Saver::finish() {
  const PhaseScope phase(RunPhase::save);
  while (future_.valid()) {
    const int before = failures_;
    take_result();
    if (failures_ > before) start_writing();  // the end of a run is worth another try
  }
}

std::string Saver::newest() {
  if (future_.valid()) take_result();
  return shared_text(group_, folder_ ? folder_->newest() : "");
}

}  // namespace tlaunch
