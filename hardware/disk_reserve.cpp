#include "hardware/disk_reserve.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include <cerrno>
#include <cstring>

#include "hardware/unnamed_file.h"

namespace tlaunch {

std::string cannot_reserve(const std::string& folder, std::uint64_t bytes) {
  struct statfs system = {};
  if (bytes == 0 || (statfs(folder.c_str(), &system) == 0 && system.f_type == TMPFS_MAGIC)) return "";
  const UnnamedFile file(folder);
  if (file.descriptor() < 0) return std::strerror(errno);
  while (fallocate(file.descriptor(), 0, 0, static_cast<off_t>(bytes)) != 0) {
    if (errno == EINTR) continue;
    return errno == EOPNOTSUPP || errno == ENOSYS ? "" : std::strerror(errno);
  }
  return "";
}

}  // namespace tlaunch
