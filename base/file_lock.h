// Locks a file from reading it until a new one is renamed into its place. Holds an flock on the file that has the name.
// If the file was replaced while a process waited, it waits for the lock of the new file. Works between processes and
// between threads. On a file system without locks it does nothing.
#pragma once

#include <string>

namespace tlaunch {

class FileLock {
 public:
  // Waits for the lock. Creates an empty file if there is none. Throws IoError if the file cannot be opened for
  // writing.
  explicit FileLock(const std::string& path);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int fd_ = -1;
};

}  // namespace tlaunch
