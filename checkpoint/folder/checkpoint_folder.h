// The folder in which a run keeps its checkpoints: each save is durable before anything older is deleted. Of the
// policy's files the newest is also found under the name last.safetensors (last_link.h), where it keeps the newest. One
// thread at a time.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "checkpoint/folder/retention.h"
#include "checkpoint/folder/written_files.h"
#include "checkpoint/safetensors/safetensors.h"

namespace tlaunch {

// Where a run keeps its checkpoints; "" where it has neither a folder nor one for them.
std::string checkpoint_dir(const CheckpointConfig& config, const std::string& run_dir);

struct SaveResult {
  std::string path;  // absolute
  std::uint64_t bytes = 0;
  std::uint64_t folder_bytes = 0;    // of all the run's own files with the new one, before older ones were deleted
  std::vector<std::string> deleted;  // absolute paths
  std::string problem;               // beside the file, which is durable: one that could not be deleted; else ""
  // The run's folder, or that of its checkpoints, which somebody has moved or deleted since the save before: it was made
  // again. "": neither.
  std::string gone;
};

class CheckpointFolder {
 public:
  // Makes `dir` where it is absent, sweeps what killed writers left there, and takes stock of it. `run_dir` remembers
  // what the run has written ("" : this process alone does). Throws IoError.
  CheckpointFolder(const std::string& dir, const std::string& run_dir, const RetentionPolicy& policy,
                   const std::string& resumed_from, FileCalls& calls = system_calls());

  // Whether the policy would keep a checkpoint with these metrics, now: if not, it need not be made.
  bool wants(std::int64_t step, const std::map<std::string, double>& metrics);

  // Makes the folder again where it has gone. Writes DIR/NAME.safetensors ("NAME-v1" and so on where another checkpoint
  // has that name, or the link to the newest), then deletes what the policy no longer keeps. `metadata` has the three
  // keys of catalog.h. Throws IoError, and then the older ones are as before.
  SaveResult save(const std::string& name, const std::vector<TensorView>& tensors, const Metadata& metadata);

  // After a save that found the disk full: of several best ones the worst is deleted, unless it is the newest, and one
  // less is kept from now on. Returns its path; "" where there is none to spare, as with save_top_k -1, 0 and 1.
  std::string make_room();

  void set_policy(const RetentionPolicy& policy) { policy_ = policy; }
  std::int64_t written_count() const;  // of the run's own whole files, now

  // The newest of the run's own files, or what it was resumed from; "" where there is neither.
  std::string newest() const;

 private:
  void forget_vanished();
  std::string open_folder();
  std::string free_path(const std::string& name, std::int64_t step) const;
  void point_last_to(const std::string& name, SaveResult& result);
  void drop_last(SaveResult& result);
  void delete_unkept(SaveResult& result);

  std::string dir_, run_dir_;
  std::pair<std::uint64_t, std::uint64_t> folder_id_, run_folder_id_;  // device and inode
  RetentionPolicy policy_;
  std::string resumed_from_;
  bool told_of_link_ = false;  // that there is no last.safetensors
  FileCalls& calls_;
  WrittenFiles written_;
  std::vector<CheckpointInfo> checkpoints_;  // all that are in the folder
};

}  // namespace tlaunch
