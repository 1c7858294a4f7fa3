// A real disk that is small: a tmpfs in a mount namespace of the calling process, gone with it. Call it before the
// process has threads.
#pragma once

#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <string>

#include "tests/support/temp_dir.h"

namespace tlaunch::test {

// False where mounting is not allowed. `options`: "size=64k".
inline bool mount_small_disk(const std::string& folder, const std::string& options) {
  if (::unshare(CLONE_NEWNS) != 0) {
    // Not root: root in a user namespace of its own, where the system lets us.
    const std::string user = std::to_string(::getuid()), group = std::to_string(::getgid());
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
    write("/proc/self/setgroups", "deny");
    write("/proc/self/uid_map", "0 " + user + " 1");
    write("/proc/self/gid_map", "0 " + group + " 1");
  }
  return ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         ::mount("tmpfs", folder.c_str(), "tmpfs", 0, options.c_str()) == 0;
}

}  // namespace tlaunch::test
