#include "processes/guard/spawn.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "base/path_lookup.h"

namespace tlaunch {

namespace {

std::vector<char*> c_strings(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (const auto& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// In the child. Memory needs no call: the kernel allocates a page on the node of the core that touches it first. If the
// cores were taken away since they were looked up, the worker runs without pinning and says so.
void pin_to(const std::vector<int>& cores) {
  if (cores.empty()) return;
  const int count = *std::max_element(cores.begin(), cores.end()) + 1;
  cpu_set_t* mask = CPU_ALLOC(count);
  const std::size_t bytes = CPU_ALLOC_SIZE(count);
  if (mask) {
    CPU_ZERO_S(bytes, mask);
    for (const int core : cores) CPU_SET_S(static_cast<std::size_t>(core), bytes, mask);
  }
  if (!mask || ::sched_setaffinity(0, bytes, mask) != 0)
    ::dprintf(2, "tlaunch: cannot pin this rank to its cores: %s; it runs unpinned\n", std::strerror(errno));
  if (mask) CPU_FREE(mask);
}

// In the child. Returns only if it failed; errno says why.
void become_worker(const SpawnRequest& request, char** argv, char** environment, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);  // it died before the line above
  // Leaves the terminal's foreground group: Ctrl-C reaches only the launcher, which decides. A worker that reads the
  // terminal stays (process_group), because only the foreground group may read it.
  ::setpgid(0, request.process_group);
  if (request.stdin_fd >= 0) {
    if (::dup2(request.stdin_fd, 0) < 0) return;
  } else if (!request.inherit_stdin) {
    const int null = ::open("/dev/null", O_RDONLY);
    if (null < 0 || ::dup2(null, 0) < 0) return;
    if (null > 2) ::close(null);
  }
  if (::dup2(request.output.get(), 1) < 0 || ::dup2(request.error.get(), 2) < 0) return;
  pin_to(request.cores);
  for (const int fd : request.inherited) ::fcntl(fd, F_SETFD, 0);
  ::sigaction(SIGPIPE, &request.on_broken_pipe, nullptr);
  std::signal(SIGXFSZ, SIG_DFL);  // we ignore it (base/process_start.h)
  ::sigprocmask(SIG_SETMASK, &request.signal_mask, nullptr);
  // Not execvpe(3), which passes a file that the kernel does not know to /bin/sh.
  const std::string file = program_path(request.argv[0]);
  errno = ENOENT;
  if (!file.empty()) ::execve(file.c_str(), argv, environment);
}

}  // namespace

SpawnResult spawn(const SpawnRequest& request) {
  const auto argv = c_strings(request.argv), environment = c_strings(request.environment);
  int failure[2];  // a successful exec closes it, otherwise errno comes through it
  if (::pipe2(failure, O_CLOEXEC) != 0) return {-1, errno};
  const Descriptor read_end(failure[0]);
  Descriptor write_end(failure[1]);
  const pid_t parent = ::getpid(), pid = ::fork();
  if (pid < 0) return {-1, errno};
  if (pid == 0) {
    become_worker(request, const_cast<char**>(argv.data()), const_cast<char**>(environment.data()), parent);
    const int error = errno;
    [[maybe_unused]] const ssize_t written = ::write(write_end.get(), &error, sizeof error);
    ::_exit(127);
  }
  write_end.reset();
  int error = 0;
  if (::read(read_end.get(), &error, sizeof error) != static_cast<ssize_t>(sizeof error)) return {pid, 0};
  ::waitpid(pid, nullptr, 0);  // the child exits now
  return {-1, error};
}

}  // namespace tlaunch
