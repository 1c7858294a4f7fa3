#include "processes/guard/process_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/descriptor.h"

namespace tlaunch {

namespace {

constexpr unsigned exiting_flag = 0x4;  // PF_EXITING of the kernel

struct Stat {
  char state = '?';
  pid_t parent = 0;
  unsigned flags = 0;
};

std::optional<Stat> read_stat(pid_t pid) {
  const Descriptor file(::open(("/proc/" + std::to_string(pid) + "/stat").c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return std::nullopt;
  char text[1024];
  const ssize_t size = ::read(file.get(), text, sizeof text - 1);
  if (size <= 0) return std::nullopt;
  text[size] = '\0';
  // "pid (name) state parent group session tty tty_group flags ...": the name may hold blanks and brackets.
  const char* after_name = std::strrchr(text, ')');
  Stat stat;
  if (after_name == nullptr ||
      std::sscanf(after_name + 1, " %c %d %*d %*d %*d %*d %u", &stat.state, &stat.parent, &stat.flags) != 3) {
    return std::nullopt;
  }
  return stat;
}

// While it lives, pause() notices the end of a child at once, and no signal handler does.
class ChildEnds {
 public:
  ChildEnds() {
    sigemptyset(&ended_);
    sigaddset(&ended_, SIGCHLD);
    ::sigprocmask(SIG_BLOCK, &ended_, &before_);
  }
  ~ChildEnds() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }
  ChildEnds(const ChildEnds&) = delete;
  ChildEnds& operator=(const ChildEnds&) = delete;

  void pause(double limit_s) const {
    const double rest_s = std::clamp(limit_s, 0.0, 0.2);
    const timespec limit{0, static_cast<long>(rest_s * 1e9)};
    ::sigtimedwait(&ended_, nullptr, &limit);
  }

 private:
  sigset_t ended_{}, before_{};
};

// All processes, by parent.
std::multimap<pid_t, pid_t> children_by_parent() {
  std::multimap<pid_t, pid_t> children;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir("/proc"), ::closedir);
  if (!folder) return {};
  while (const dirent* entry = ::readdir(folder.get())) {
    const pid_t pid = static_cast<pid_t>(std::atol(entry->d_name));
    if (pid <= 0) continue;
    if (const auto stat = read_stat(pid)) children.emplace(stat->parent, pid);
  }
  return children;
}

}  // namespace

std::vector<pid_t> children_of(pid_t parent) {
  std::vector<pid_t> found;
  const auto children = children_by_parent();
  for (auto [child, end] = children.equal_range(parent); child != end; ++child) found.push_back(child->second);
  return found;
}

std::vector<pid_t> descendants_of(pid_t root, const std::set<pid_t>& skip) {
  const auto children = children_by_parent();
  std::vector<pid_t> found, frontier{root};
  while (!frontier.empty()) {
    const pid_t parent = frontier.back();
    frontier.pop_back();
    for (auto [child, end] = children.equal_range(parent); child != end; ++child) {
      if (skip.contains(child->second)) continue;
      found.push_back(child->second);
      frontier.push_back(child->second);
    }
  }
  return found;
}

char state_of(pid_t pid) {
  const auto stat = read_stat(pid);
  return stat ? stat->state : 'X';
}

std::map<int, char> states_of(const std::map<int, pid_t>& processes) {
  std::map<int, char> states;
  for (const auto& [rank, pid] : processes) states[rank] = state_of(pid);
  return states;
}

bool is_exiting(pid_t pid) {
  const auto stat = read_stat(pid);
  return !stat || stat->state == 'Z' || stat->state == 'X' || (stat->flags & exiting_flag) != 0;
}

std::optional<int> wait_for_child(pid_t pid, double limit_s) {
  const ChildEnds ends;
  for (const double end_s = monotonic_s() + limit_s;; ends.pause(end_s - monotonic_s())) {
    int status = 0;
    const pid_t ended = ::waitpid(pid, &status, WNOHANG);
    if (ended == pid) return status;
    if ((ended < 0 && errno != EINTR) || monotonic_s() >= end_s) return std::nullopt;
  }
}

bool kill_descendants(std::optional<double> limit_s, const std::function<void(pid_t, int status)>& on_end) {
  const ChildEnds ends;
  const double start_s = monotonic_s();
  // Repeat until none is left: a process may fork between being listed and being killed.
  for (double pause_s = 0.005;; pause_s *= 2) {
    for (const pid_t pid : descendants_of(::getpid())) ::kill(pid, SIGKILL);
    ends.pause(pause_s);
    int status = 0;
    pid_t pid = 0;
    while ((pid = ::waitpid(-1, &status, WNOHANG)) > 0) on_end(pid, status);
    if (pid < 0 && errno == ECHILD) return true;
    if (limit_s && monotonic_s() - start_s >= *limit_s) return false;
  }
}

}  // namespace tlaunch
