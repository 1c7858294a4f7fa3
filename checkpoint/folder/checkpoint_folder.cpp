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
#include "checkpoint/folder/last_link.h"

namespace tlaunch {
namespace {

namespace fs = std::filesystem;

constexpr const char* extension = ".safetensors";

std::string made_folder(const std::string& dir) {
  std::error_code error;
  fs::create_directories(dir, error);
  if (error) throw IoError("cannot make " + dir + ": " + error.message());
  return absolute_path(dir);
}

std::string name_of(const std::string& path) { return fs::path(path).filename().string(); }

// Device and inode; zeros where there is none.
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

// What somebody else took away is in no ranking any more, and its name is free for another run.
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
  } catch (const IoError&) {  // the list is written again with the next save, which tells
  }
}

bool CheckpointFolder::wants(std::int64_t step, const std::map<std::string, double>& metrics) {
  forget_vanished();
  auto all = checkpoints_;
  std::erase_if(all, [&](const CheckpointInfo& one) { return one.step == step && written_.owns(one.path); });
  CheckpointInfo one;
  one.path = dir_ + "/" + extension;  // no file has that name
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
    // This step's own of an earlier attempt, or what is left of one that was damaged since, is replaced.
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
  // A list that cannot be written (its disk is another one) is no reason to lose a checkpoint.
  const auto note = [&](const std::function<void()>& write) {
    try {
      write();
    } catch (const IoError& error) {
      result.problem = std::string(error.what()) + "; " + made.path +
                       " is saved, but --resume auto may not find it: use --resume FILE";
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
      note([&] { written_.forget({made.path}); });  // another run has taken the name meanwhile
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

// Makes what is absent. Returns which folder is no longer the one of the save before.
std::string CheckpointFolder::open_folder() {
  const bool run_folder_gone = id_of(run_dir_) != run_folder_id_;
  if (run_folder_gone) made_folder(run_dir_);
  made_folder(dir_);
  const bool folder_gone = id_of(dir_) != folder_id_;
  run_folder_id_ = id_of(run_dir_);
  folder_id_ = id_of(dir_);
  return run_folder_gone ? run_dir_ : folder_gone ? dir_ : "";
}

// The file is durable by now; a file system without links just has no such name.
void CheckpointFolder::point_last_to(const std::string& name, SaveResult& result) {
  const std::string link = dir_ + "/" + last_link_name;
  const auto tell_once = [&](const std::string& problem) {
    if (result.problem.empty() && !std::exchange(told_of_link_, true)) result.problem = problem;
  };
  std::error_code error;
  if (const auto type = fs::symlink_status(link, error).type();
      type != fs::file_type::not_found && type != fs::file_type::symlink) {
    tell_once(link + " is a " + (type == fs::file_type::directory ? "folder" : "file") +
              " and was not replaced; it does not lead to the newest checkpoint");
    return;
  }
  try {
    link_atomically(link, name, calls_);
  } catch (const IoError& failed) {
    calls_.unlink(link.c_str());  // rather none than an old one
    tell_once(std::string(failed.what()) + "; the run does without that second name of its newest checkpoint");
  }
}

// What an earlier attempt with save_last has left: the newest is not found under that name any more.
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
    if (reasons[i].empty()) try {
        remove_checkpoint(checkpoints_[i].path, calls_);
        result.deleted.push_back(checkpoints_[i].path);
        continue;
      } catch (const IoError& error) {
        result.problem = error.what();
      }
    left.push_back(checkpoints_[i]);
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
