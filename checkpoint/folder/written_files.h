// The checkpoints that a run has written, in <run>/checkpoints.txt: which files of a folder are its own, so that
// retention may delete them and a resume may go on from them. Another run may keep its checkpoints in the same folder.
//
//   NAME        before the file is written, so a kill leaves a name too many and never one too few
//   done/NAME   the file was whole on disk: where it cannot be found, something is wrong
//   crc32c/SUM  of all lines before it, as 8 hex digits; lists of earlier versions have none
//
// What retention has deleted is no longer listed: another run may use the name. One thread at a time.
#pragma once

#include <set>
#include <string>
#include <vector>

namespace tlaunch {

class WrittenFiles {
 public:
  // Reads the list. `run_dir` "": this process alone remembers. Throws IoError where it cannot be read.
  WrittenFiles(const std::string& run_dir, const std::string& checkpoint_dir);

  const std::set<std::string>& own() const { return own_; }  // absolute paths
  bool owns(const std::string& path) const { return own_.contains(path); }
  std::vector<std::string> lost() const;     // done, and there is no such file
  bool damaged() const { return damaged_; }  // what it lists is not all that the run has written

  // They change the list in memory in any case, and then on disk: IoError where that fails.
  void begin(const std::string& path);
  void finish(const std::string& path);
  void forget(const std::vector<std::string>& deleted);

 private:
  void store() const;

  std::string list_;  // "": none is kept
  std::set<std::string> own_, done_;
  bool damaged_ = false;
};

}  // namespace tlaunch
