// The list of checkpoints that a run has written, in <run>/checkpoints.txt. Another run may keep its checkpoints in the
// same folder, so the list says which files retention may delete and a resume may continue from. Its lines:
//
//   NAME        added before the file is written, so after a kill the list may have a name too many, never one too few
//   done/NAME   the file was complete on disk; if it is missing now, something is wrong
//   crc32c/SUM  checksum of all lines before it, 8 hex digits; lists of earlier versions have none
//
// Files that retention has deleted are removed from the list: another run may use their names. One thread at a time.
#pragma once

#include <set>
#include <string>
#include <vector>

namespace tlaunch {

class WrittenFiles {
 public:
  // Reads the list. `run_dir` "": the list is in memory only. Throws IoError if the list cannot be read.
  WrittenFiles(const std::string& run_dir, const std::string& checkpoint_dir);

  const std::set<std::string>& own() const { return own_; }  // absolute paths
  bool owns(const std::string& path) const { return own_.contains(path); }
  std::vector<std::string> lost() const;     // files that are done but do not exist
  bool damaged() const { return damaged_; }  // the list may lack files that the run has written

  // These always change the list in memory, then on disk. They throw IoError if writing it fails.
  void begin(const std::string& path);
  void finish(const std::string& path);
  void forget(const std::vector<std::string>& deleted);

 private:
  void store() const;

  std::string list_;  // path; "": in memory only
  std::set<std::string> own_, done_;
  bool damaged_ = false;
};

}  // namespace tlaunch
