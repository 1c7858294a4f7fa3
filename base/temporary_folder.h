// A folder of our own with small files for other processes, which goes with the object. Where the process is killed,
// the folder goes when the next one is made.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/descriptor.h"

namespace tlaunch {

class TemporaryFolder {
 public:
  // `files`: content by name. The folder is made in the first place that takes them all: $TMPDIR, /tmp,
  // $XDG_RUNTIME_DIR, /dev/shm, and at last `own` ("": there is none). Throws IoError where none does.
  explicit TemporaryFolder(const std::map<std::string, std::string>& files, const std::string& own = "");
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
  Descriptor lock_;  // of the folder: held as long as this process, or a guard that it left, lives
};

}  // namespace tlaunch
