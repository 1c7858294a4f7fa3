// A file that never has a name, or loses it at once, so it is gone when this process ends, whatever happens.
#pragma once

#include <string>

namespace tlaunch {

class UnnamedFile {
 public:
  explicit UnnamedFile(const std::string& folder);
  ~UnnamedFile();
  UnnamedFile(const UnnamedFile&) = delete;
  UnnamedFile& operator=(const UnnamedFile&) = delete;
  int descriptor() const { return descriptor_; }  // -1 if the file could not be created, with errno set

 private:
  int descriptor_;
};

}  // namespace tlaunch
