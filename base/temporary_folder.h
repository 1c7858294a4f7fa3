// A temporary folder with small files for other processes, removed with the object. If the process is killed, the next
// TemporaryFolder removes it.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/descriptor.h"

namespace tlaunch {

class TemporaryFolder {
 public:
  // `files`: content by name. The folder is created in the first of these that has room for all files: $TMPDIR, /tmp,
  // $XDG_RUNTIME_DIR, /dev/shm, and at last `own` ("": none). Throws IoError if none has.
  explicit TemporaryFolder(const std::map<std::string, std::string>& files, const std::string& own = "");
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
  Descriptor lock_;  // of the folder; held while this process, or a guard process that it left, lives
};

}  // namespace tlaunch
