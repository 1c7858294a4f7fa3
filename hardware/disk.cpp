#include "hardware/disk.h"

#include <sys/statvfs.h>

#include <filesystem>

namespace tlaunch {

DiskInfo disk_info(const std::string& folder) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  fs::path path = fs::absolute(folder.empty() ? "." : folder, ignored).lexically_normal();
  while (!fs::is_directory(path, ignored) && path.has_relative_path()) path = path.parent_path();
  std::string text = path.string();
  if (text.size() > 1 && text.back() == '/') text.pop_back();

  DiskInfo disk{text, std::nullopt};
  struct statvfs stat {};
  // f_bavail, not f_bfree: what root alone may use is no help to a run.
  if (statvfs(text.c_str(), &stat) == 0) disk.free_bytes = std::uint64_t{stat.f_bavail} * stat.f_frsize;
  return disk;
}

}  // namespace tlaunch
