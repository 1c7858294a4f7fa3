// Keeps others out between reading a file and renaming a new one into its place. Holds an flock on the file that has
// the name; whoever waited for a file that was replaced meanwhile waits for the new one. Works between processes and
// between threads; file systems without locks are done without.
#pragma once

#include <string>

namespace tlaunch {

class FileLock {
 public:
  // Waits for it. Makes an empty file where there is none. Throws IoError where it cannot be opened for writing.
  explicit FileLock(const std::string& path);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int fd_ = -1;
};

}  // namespace tlaunch
