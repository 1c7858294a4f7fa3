#include "launcher/group/process_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "launcher/group/descriptor.h"

namespace tlaunch {

namespace {

constexpr unsigned kExiting = 0x4;  // PF_EXITING of the kernel

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

// Of all processes, by parent.
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
  return !stat || stat->state == 'Z' || stat->state == 'X' || (stat->flags & kExiting) != 0;
}

}  // namespace tlaunch
