#include "checkpoint/folder/last_link.h"

#include <filesystem>

#include "base/absolute_path.h"
#include "base/atomic_file.h"

namespace tlaunch {
namespace fs = std::filesystem;

std::string last_link_target(const std::string& dir) {
  std::error_code error;
  const fs::path target = fs::read_symlink(fs::path(dir) / last_link_name, error);
  return error ? "" : absolute_path(dir / target);
}

void remove_checkpoint(const std::string& path, FileCalls& calls) {
  const fs::path file = absolute_path(path);
  const std::string dir = file.parent_path().string();
  if (last_link_target(dir) == file.string()) remove_file(dir + "/" + last_link_name, calls);
  remove_file(path, calls);
}

}  // namespace tlaunch
