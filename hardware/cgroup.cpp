#include "hardware/cgroup.h"

#include <algorithm>
#include <sstream>

namespace tlaunch {
namespace {

bool lists(const std::string& comma_separated, const std::string& word) {
  std::istringstream in(comma_separated);
  for (std::string item; std::getline(in, item, ',');) {
    if (item == word) return true;
  }
  return false;
}

// The group's name in a line of /proc/self/cgroup, "4:memory:/a/b" or for v2 "0::/a/b".
std::optional<std::string> group_name(const std::string& text, const std::string& controller) {
  for (const std::string& line : split_lines(text)) {
    const auto first = line.find(':');
    const auto second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const bool match = controller.empty() ? line.starts_with("0::") : lists(controllers, controller);
    if (match) return line.substr(second + 1);
  }
  return std::nullopt;
}

struct Mount {
  std::string root, point;  // the mounted group and its mount point
};

// Lines of mountinfo: "ID PARENT DEVICE ROOT POINT OPTIONS [TAGS] - TYPE SOURCE SUPER_OPTIONS".
std::vector<Mount> cgroup_mounts(const std::string& mountinfo, const std::string& controller) {
  std::vector<Mount> mounts;
  for (const std::string& line : split_lines(mountinfo)) {
    const std::vector<std::string> words = split_words(line);
    const auto dash = std::find(words.begin(), words.end(), "-");
    if (words.size() < 5 || words.end() - dash < 4) continue;
    const bool match = controller.empty() ? dash[1] == "cgroup2" : dash[1] == "cgroup" && lists(dash[3], controller);
    if (match) mounts.push_back({words[3], words[4]});
  }
  return mounts;
}

}  // namespace

std::vector<std::string> cgroup_folders(const FileReader& read, const std::string& controller) {
  const auto groups = read("/proc/self/cgroup");
  const auto mountinfo = read("/proc/self/mountinfo");
  if (!groups || !mountinfo) return {};
  const auto name = group_name(*groups, controller);
  const std::vector<Mount> mounts = cgroup_mounts(*mountinfo, controller);
  if (!name || mounts.empty()) return {};

  // The name is relative to the hierarchy's root, but the mount point shows only the tree below the mounted group.
  std::string point = mounts.front().point, below;
  for (const Mount& mount : mounts) {
    const std::string root = mount.root == "/" ? "" : mount.root;
    if (!name->starts_with(root) || (name->size() > root.size() && (*name)[root.size()] != '/')) continue;
    point = mount.point;
    below = name->substr(root.size());
    break;
  }
  if (below == "/" || below.find("/..") != std::string::npos) below.clear();  // "/..": outside the mounted tree

  std::vector<std::string> folders;
  while (!below.empty()) {
    folders.push_back(point + below);
    below.erase(below.rfind('/'));
  }
  folders.push_back(point);
  return folders;
}

}  // namespace tlaunch
