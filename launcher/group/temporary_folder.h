// A folder of our own below $TMPDIR that goes with the object. Where the process is killed, the folder goes when the
// next one is made.
#pragma once

#include <string>

#include "launcher/group/descriptor.h"

namespace tlaunch {

class TemporaryFolder {
 public:
  TemporaryFolder();  // throws IoError
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
  Descriptor lock_;  // of the folder: held as long as this process, or a guard that it left, lives
};

}  // namespace tlaunch
