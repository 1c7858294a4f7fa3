#include "processes/guard/capture.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <set>

#include "base/clock.h"
#include "base/descriptor.h"
#include "base/error.h"
#include "base/text.h"
#include "base/units.h"
#include "processes/guard/process_tree.h"
#include "processes/output/say.h"

namespace tlaunch {
namespace {

constexpr std::size_t limit_bytes = 16u << 20;
constexpr double quiet_s = 3;          // before a line says what is waited for
constexpr double killed_limit_s = 10;  // for a process that waits in the kernel, where no signal ends it

// Reads what is available; closes the pipe at its end.
void drain(Descriptor& pipe, std::string& text) {
  char buffer[65536];
  const ssize_t n = read(pipe.get(), buffer, sizeof buffer);
  if (n > 0) {
    if (text.size() < limit_bytes) text.append(buffer, static_cast<std::size_t>(n));
  } else if (n == 0 || errno != EINTR) {
    pipe.reset();
  }
}

// While it lives, processes that a child leaves behind become children of this process, so that they can be found.
class Subreaper {
 public:
  Subreaper() {
    ::prctl(PR_GET_CHILD_SUBREAPER, &before_);
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  }
  ~Subreaper() { ::prctl(PR_SET_CHILD_SUBREAPER, before_); }
  Subreaper(const Subreaper&) = delete;
  Subreaper& operator=(const Subreaper&) = delete;

 private:
  int before_ = 0;
};

// Kills the child `pid` and all processes below this one, except `others` and those below them. Returns the child's
// wait status.
int kill_tree(pid_t pid, const std::set<pid_t>& others) {
  const double end_s = monotonic_s() + killed_limit_s;
  const auto kill_all = [&] {
    const auto found = descendants_of(::getpid(), others);
    for (const pid_t each : found) ::kill(each, SIGKILL);
    return found;
  };
  kill_all();
  const int status = wait_for_child(pid, killed_limit_s).value_or(SIGKILL);
  // Repeat until none is left: a process may fork between being listed and being killed.
  for (auto left = kill_all(); !left.empty() && monotonic_s() < end_s; left = kill_all())
    for (const pid_t each : left)
      if (!wait_for_child(each, 0.02)) ::usleep(1000);  // not our child yet: its parent still exists
  return status;
}

bool is_asked_to_end() {
  sigset_t pending;
  ::sigpending(&pending);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1})
    if (sigismember(&pending, signal) == 1) return true;
  return false;
}

}  // namespace

Captured run_captured(const std::vector<std::string>& argv, double limit_s, const std::string& what) {
  const Subreaper subreaper;
  const auto children = children_of(::getpid());
  const std::set<pid_t> others(children.begin(), children.end());
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

  const double start_s = monotonic_s(), end_s = start_s + limit_s;
  bool said = what.empty();
  std::optional<int> status;
  // The command may close both streams and continue, or end while another process holds them open.
  while (out.read || err.read || !status) {
    const double now_s = monotonic_s();
    if (now_s >= end_s || result.stopped) break;
    if (!said && now_s - start_s >= quiet_s) {
      say(format_text("tlaunch: {}; waiting up to {}", what, format_duration(limit_s)));
      said = true;
    }
    const double turn_s = what.empty() ? end_s - now_s : std::min(0.2, end_s - now_s);
    if (!out.read && !err.read) {
      status = wait_for_child(pid, turn_s);
      result.stopped = !what.empty() && !status && is_asked_to_end();
      continue;
    }
    pollfd fds[2] = {{out.read.get(), POLLIN, 0}, {err.read.get(), POLLIN, 0}};
    if (poll(fds, 2, static_cast<int>(turn_s * 1000) + 1) < 0 && errno != EINTR) break;
    if (fds[0].revents != 0) drain(out.read, result.out);
    if (fds[1].revents != 0) drain(err.read, result.err);
    result.stopped = !what.empty() && is_asked_to_end();
  }
  if (!status) {
    const bool ended = is_exiting(pid);  // then a process that it left behind holds its streams
    result.timed_out = !ended && !result.stopped;
    status = kill_tree(pid, others);
  }
  result.exit_code = WIFEXITED(*status) ? WEXITSTATUS(*status) : exit_code::signal_base + WTERMSIG(*status);
  return result;
}

}  // namespace tlaunch
