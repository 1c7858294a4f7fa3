#include "launcher/group/capture.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>

#include "core/error.h"
#include "launcher/group/descriptor.h"
#include "launcher/group/process_tree.h"

namespace tlaunch {
namespace {

constexpr std::size_t limit_bytes = 16u << 20;
constexpr double killed_limit_s = 10;  // for one that waits in the kernel and heeds no signal

// Reads what is there; closes the pipe at its end.
void drain(Descriptor& pipe, std::string& text) {
  char buffer[65536];
  const ssize_t n = read(pipe.get(), buffer, sizeof buffer);
  if (n > 0) {
    if (text.size() < limit_bytes) text.append(buffer, static_cast<std::size_t>(n));
  } else if (n == 0 || errno != EINTR) {
    pipe.reset();
  }
}

}  // namespace

Captured run_captured(const std::vector<std::string>& argv, double limit_s) {
  Pipe out = make_pipe(), err = make_pipe();
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out.write.get(), 1);
  posix_spawn_file_actions_adddup2(&actions, err.write.get(), 2);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t ignored_by_us;
  sigemptyset(&ignored_by_us);
  for (const int signal : {SIGPIPE, SIGXFSZ}) sigaddset(&ignored_by_us, signal);
  posix_spawnattr_setsigdefault(&attributes, &ignored_by_us);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  std::vector<char*> arguments;
  for (const std::string& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  pid_t pid = -1;
  const int error = posix_spawn(&pid, arguments[0], &actions, &attributes, arguments.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  Captured result;
  if (error != 0) {
    result.exit_code = 127;
    result.err = std::strerror(error);
    return result;
  }
  out.write.reset();
  err.write.reset();

  const auto deadline = std::chrono::steady_clock::now() + std::chrono::duration<double>(limit_s);
  while (out.read || err.read) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) break;
    pollfd fds[2] = {{out.read.get(), POLLIN, 0}, {err.read.get(), POLLIN, 0}};
    if (poll(fds, 2, static_cast<int>(left.count())) < 0 && errno != EINTR) break;
    if (fds[0].revents != 0) drain(out.read, result.out);
    if (fds[1].revents != 0) drain(err.read, result.err);
  }
  // It may have closed both streams and run on.
  const std::chrono::duration<double> left = deadline - std::chrono::steady_clock::now();
  auto status = wait_for_child(pid, left.count());
  if (!status) {
    result.timed_out = true;
    kill(pid, SIGKILL);
    status = wait_for_child(pid, killed_limit_s).value_or(SIGKILL);
  }
  result.exit_code = WIFEXITED(*status) ? WEXITSTATUS(*status) : exit_code::signal_base + WTERMSIG(*status);
  return result;
}

}  // namespace tlaunch
