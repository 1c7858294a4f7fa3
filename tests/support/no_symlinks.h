// A disk without symbolic links, as the calling process and what it starts see it: symlink() answers EPERM, as on FAT.
// It cannot be taken back.
#pragma once

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <vector>

namespace tlaunch::test {

// False where the system does not let us.
inline bool forbid_symlinks() {
  const auto refuse = [](unsigned call) -> std::array<sock_filter, 2> {
    return {sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
            sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM)};
  };
  std::vector<sock_filter> filter{sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))};
  std::vector<unsigned> calls{SYS_symlinkat};
#ifdef SYS_symlink
  calls.push_back(SYS_symlink);
#endif
  for (const unsigned call : calls)
    for (const sock_filter& one : refuse(call)) filter.push_back(one);
  filter.push_back(sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

}  // namespace tlaunch::test
