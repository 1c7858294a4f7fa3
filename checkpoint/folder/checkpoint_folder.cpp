#include "checkpoint/folder/checkpoint_folder.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <functional>
#include <utility>

#include "base/absolute_path.h"
#include "base/atomic_file.h"
#include "base/error.h"
#include "base/text.h"
#include "checkpoint/folder/last_link.h"

namespace tlaunch {
namespace {

namespace fs = std::filesystem;

constexpr const char* extension = ".safetensors";

std::string made_folder(const std::string& dir) {
  std::error_code error;
  fs::create_directories(dir, error);
  if (error) throw IoError(format_text("cannot create the folder {}: {}", dir, error.message()));
  return absolute_path(dir);
}

std::string name_of(const std::string& path) { return fs::path(path).filename().string(); }

// Device and inode; zeros if there is no such folder.
std::pair<std::uint64_t, std::uint64_t> id_of(const std::string& folder) {
  struct stat status = {};
  if (folder.empty() || ::stat(folder.c_str(), &status) != 0) return {};
  return {status.st_dev, status.st_ino};
}

}  // namespace

std::string checkpoint_dir(const CheckpointConfig& config, const std::string& run_dir) {
  return config.dirpath.value_or(run_dir.empty() ? "" : run_dir + "/checkpoints");
}

CheckpointFolder::CheckpointFolder(const std::string& dir, const std::string& run_dir, const RetentionPolicy& policy,
                                   const std::string& resumed_from, FileCalls& calls)
    : dir_(made_folder(dir)),
      run_dir_(run_dir),
      folder_id_(id_of(dir_)),
      run_folder_id_(id_of(run_dir)),
      policy_(policy),
      resumed_from_(resumed_from),
      calls_(calls),
      written_(run_dir, dir_) {
  sweep_temporaries(
      dir_, [&](const std::string& name) { return name == last_link_name || written_.owns(dir_ + "/" + name); },
      calls_);
  checkpoints_ = list_checkpoints(dir_);
}

// Files that somebody else deleted are no longer ranked, and another run may use their names.
void CheckpointFolder::forget_vanished() {
  const auto vanished = [](const std::string& path) {
    std::error_code error;
    return fs::symlink_status(path, error).type() == fs::file_type::not_found;
  };
  std::erase_if(checkpoints_, [&](const CheckpointInfo& one) { return vanished(one.path); });
  std::vector<std::string> names;
  for (const std::string& path : written_.own())
    if (vanished(path)) names.push_back(path);
  try {
    written_.forget(names);
  } catch (const IoError&) {  // the next save writes the list again and reports the problem
  }
}

bool CheckpointFolder::wants(std::int64_t step, const std::map<std::string, double>& metrics) {
  forget_vanished();
  auto all = checkpoints_;
  std::erase_if(all, [&](const CheckpointInfo& one) { return one.step == step && written_.owns(one.path); });
  CheckpointInfo one;
  one.path = dir_ + "/" + extension;  // a name that no file has
  one.step = step;
  one.metrics = metrics;
  one.valid = true;
  all.push_back(one);
  auto written = written_.own();
  written.insert(one.path);
  return !kept_because(all, policy_, written, resumed_from_).back().empty();
}

std::string CheckpointFolder::free_path(const std::string& name, std::int64_t step) const {
  for (int version = 0;; ++version) {
    const std::string path = dir_ + "/" + name + (version == 0 ? "" : "-v" + std::to_string(version)) + extension;
    if (name_of(path) == last_link_name) continue;
    std::error_code error;
    if (fs::symlink_status(path, error).type() == fs::file_type::not_found) return path;
    const auto known = std::find_if(checkpoints_.begin(), checkpoints_.end(),
                                    [&](const CheckpointInfo& one) { return one.path == path; });
    // Replaces this run's file of the same step from an earlier attempt, or a file of this run that is damaged.
    if (known != checkpoints_.end() && written_.owns(path) && path != resumed_from_ &&
        (!known->valid || known->step == step))
      return path;
  }
}

SaveResult CheckpointFolder::save(const std::string& name, const std::vector<TensorView>& tensors,
                                  const Metadata& metadata) {
  SaveResult result;
  result.gone = open_folder();
  forget_vanished();
  CheckpointInfo made = checkpoint_info(metadata);
  made.path = free_path(name, made.step);
  // The list may be on another disk. If it cannot be written, the checkpoint is saved all the same.
  const auto note = [&](const std::function<void()>& write) {
    try {
      write();
    } catch (const IoError& error) {
      result.problem = format_text("{}. {} is saved, but --resume auto may not find it: use --resume {}", error.what(),
                                   made.path, made.path);
    }
  };
  for (;; made.path = free_path(name, made.step)) {
    std::error_code error;
    const bool replaces = fs::symlink_status(made.path, error).type() != fs::file_type::not_found;
    note([&] { written_.begin(made.path); });
    try {
      made.bytes = write_safetensors(made.path, tensors, metadata, calls_, replaces);
      break;
    } catch (const IoError& error) {
      if (error.system_error != EEXIST) throw;
      note([&] { written_.forget({made.path}); });  // another run has used the name meanwhile
    }
  }
  note([&] { written_.finish(made.path); });
  made.valid = true;
  std::erase_if(checkpoints_, [&](const CheckpointInfo& one) { return one.path == made.path; });
  checkpoints_.insert(checkpoints_.begin(), made);
  result.path = made.path;
  result.bytes = made.bytes;
  for (const auto& one : checkpoints_)
    if (written_.owns(one.path)) result.folder_bytes += one.bytes;
  if (policy_.save_last)
    point_last_to(name_of(made.path), result);
  else
    drop_last(result);
  delete_unkept(result);
  return result;
}

// Creates missing folders. Returns the folder that is no longer the same as at the previous save, or "".
std::string CheckpointFolder::open_folder() {
  const bool run_folder_gone = id_of(run_dir_) != run_folder_id_;
  if (run_folder_gone) made_folder(run_dir_);
  made_folder(dir_);
  const bool folder_gone = id_of(dir_) != folder_id_;
  run_folder_id_ = id_of(run_dir_);
  folder_id_ = id_of(dir_);
  return run_folder_gone ? run_dir_ : folder_gone ? dir_ : "";
}

// The checkpoint is durable by now, so a link that fails (some file systems have none) is only a problem to report.
void CheckpointFolder::point_last_to(const std::string& name, SaveResult& result) {
  const std::string link = dir_ + "/" + last_link_name;
  const auto report_once = [&](const std::string& problem) {
    if (result.problem.empty() && !std::exchange(link_problem_reported_, true)) result.problem = problem;
  };
  std::error_code error;
  if (const auto type = fs::symlink_status(link, error).type();
      type != fs::file_type::not_found && type != fs::file_type::symlink) {
    report_once(format_text("{} is a {} and was not replaced; it is not a link to the newest checkpoint", link,
                            type == fs::file_type::directory ? "folder" : "file"));
    return;
  }
  try {
    link_atomically(link, name, calls_);
  } catch (const IoError& failed) {
    calls_.unlink(link.c_str());  // no link is better than a link to an old checkpoint
    report_once(format_text("{}. The run continues without a link to its newest checkpoint", failed.what()));
  }
}

// Removes the link of an earlier attempt with save_last, which would no longer lead to the newest checkpoint.
void CheckpointFolder::drop_last(SaveResult& result) {
  if (!written_.owns(last_link_target(dir_))) return;
  try {
    remove_file(dir_ + "/" + last_link_name, calls_);
  } catch (const IoError& error) {
    result.problem = error.what();
  }
}

void CheckpointFolder::delete_unkept(SaveResult& result) {
  const auto reasons = kept_because(checkpoints_, policy_, written_.own(), resumed_from_);
  std::vector<CheckpointInfo> left;
  for (std::size_t i = 0; i < checkpoints_.size(); ++i) {
    const std::string& path = checkpoints_[i].path;
    try {
      if (reasons[i].empty()) {
        remove_checkpoint(path, calls_);
        result.deleted.push_back(path);
      } else {
        left.push_back(checkpoints_[i]);
      }
    } catch (const IoError& error) {  // the file is still there
      result.problem = error.what();
      left.push_back(checkpoints_[i]);
    }
  }
  checkpoints_ = std::move(left);
  try {
    written_.forget(result.deleted);
  } catch (const IoError& error) {
    result.problem = error.what();
  }
}

std::string CheckpointFolder::make_room() {
  while (policy_.save_top_k > 1) {
    --policy_.save_top_k;
    SaveResult result;
    delete_unkept(result);
    if (!result.deleted.empty()) return result.deleted.front();
  }
  return "";
}

std::int64_t CheckpointFolder::written_count() const {
  return std::count_if(checkpoints_.begin(), checkpoints_.end(),
                       [&](const CheckpointInfo& one) { return one.valid && written_.owns(one.path); });
}

std::string CheckpointFolder::newest() const {
  const CheckpointInfo* found = nullptr;
  for (const auto& one : checkpoints_)
    if (one.valid && written_.owns(one.path) && (!found || one.step > found->step)) found = &one;
  return found ? found->path : resumed_from_;
}

}  // namespace tlaunch
