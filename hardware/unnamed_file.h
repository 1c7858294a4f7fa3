// A file that never has a name, or has lost it at once: whatever happens, nothing of it is left behind.
#pragma once

#include <string>

namespace tlaunch {

class UnnamedFile {
 public:
  explicit UnnamedFile(const std::string& folder);
  ~UnnamedFile();
  UnnamedFile(const UnnamedFile&) = delete;
  UnnamedFile& operator=(const UnnamedFile&) = delete;
  int descriptor() const { return descriptor_; }  // -1, and errno, where it could not be made

 private:
  int descriptor_;
};

}  // namespace tlaunch
