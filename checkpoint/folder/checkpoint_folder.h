// The folder in which a run keeps its checkpoints. Each save is durable before an older one is deleted. If the policy
// has save_last, last.safetensors (last_link.h) is a link to the newest checkpoint. One thread at a time.
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

// The folder of a run's checkpoints; "" if the run has no folder and the config sets none.
std::string checkpoint_dir(const CheckpointConfig& config, const std::string& run_dir);

struct SaveResult {
  std::string path;  // absolute
  std::uint64_t bytes = 0;
  std::uint64_t folder_bytes = 0;    // of all the run's own files with the new one, before older ones were deleted
  std::vector<std::string> deleted;  // absolute paths
  std::string problem;               // anything that failed after the file was durable, such as a deletion; else ""
  // The run's folder, or that of its checkpoints, if somebody has moved or deleted it since the previous save: it was
  // created again. "": neither.
  std::string gone;
};

class CheckpointFolder {
 public:
  // Creates `dir` if it does not exist, deletes temporary files of killed writers there, and lists its checkpoints.
  // `run_dir` holds the list of the files that the run has written ("": the list is in memory only). Throws IoError.
  CheckpointFolder(const std::string& dir, const std::string& run_dir, const RetentionPolicy& policy,
                   const std::string& resumed_from, FileCalls& calls = system_calls());

  // Whether the policy would now keep a checkpoint with these metrics. If not, saving it is pointless.
  bool wants(std::int64_t step, const std::map<std::string, double>& metrics);

  // Creates the folder again if it has gone. Writes DIR/NAME.safetensors ("NAME-v1" and so on if another checkpoint or
  // the link to the newest has that name), then deletes the checkpoints that the policy no longer keeps. `metadata` has
  // the keys of catalog.h. Throws IoError if the save failed; the older checkpoints are then intact.
  SaveResult save(const std::string& name, const std::vector<TensorView>& tensors, const Metadata& metadata);

  // After a save that found the disk full: deletes the worst of several best checkpoints, unless it is the newest, and
  // keeps one fewer from now on. Returns its path; "" if none can be deleted, as with save_top_k -1, 0 and 1.
  std::string make_room();

  void set_policy(const RetentionPolicy& policy) { policy_ = policy; }
  std::int64_t written_count() const;  // the number of the run's own valid files, now

  // The newest of the run's own files, or else the file it was resumed from; "" if there is neither.
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
  bool link_problem_reported_ = false;
  FileCalls& calls_;
  WrittenFiles written_;
  std::vector<CheckpointInfo> checkpoints_;  // all in the folder
};

}  // namespace tlaunch
