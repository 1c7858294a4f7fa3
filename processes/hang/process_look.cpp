#include "processes/hang/process_look.h"

#include <chrono>
#include <filesystem>
#include <string>
#include <thread>

#include "base/clock.h"
#include "hardware/file_reader.h"
#include "processes/guard/process_tree.h"

namespace tlaunch {
namespace {

constexpr auto between_looks = std::chrono::seconds(1);

bool only_waits_for_a_child(const ProcessLook& look) {
  const Activity activity = activity_between(look, look, 0);
  return activity.text == "waits (wait)" || activity.text == "waits (do_wait)";
}

}  // namespace

ProcessLook look_at(pid_t pid) {
  const auto content = [&](const char* name) {
    return system_files()("/proc/" + std::to_string(pid) + "/" + name).value_or("");
  };
  const std::string maps = content("maps");
  const bool uses_gpu = maps.find("/dev/nvidia") != std::string::npos || maps.find("libcuda.so") != std::string::npos ||
                        maps.find("/dev/kfd") != std::string::npos;
  return {content("stat"), content("status"), content("syscall"), content("wchan"), uses_gpu};
}

std::map<int, Activity> activities_of(const std::map<int, pid_t>& processes) {
  std::map<int, ProcessLook> before;
  const double start_s = monotonic_s();
  for (const auto& [rank, pid] : processes) before[rank] = look_at(pid);
  std::this_thread::sleep_for(between_looks);
  std::map<int, Activity> activities;
  const double seconds = monotonic_s() - start_s;
  for (const auto& [rank, pid] : processes) activities[rank] = activity_between(before[rank], look_at(pid), seconds);
  return activities;
}

bool is_python(pid_t pid) {
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/" + std::to_string(pid) + "/exe", error).filename();
  return program.string().starts_with("python") || program.string().starts_with("pypy");
}

pid_t working_process(pid_t pid) {
  while (!is_python(pid)) {
    const auto children = children_of(pid);
    if (children.size() != 1 || !(is_python(children[0]) || only_waits_for_a_child(look_at(pid)))) break;
    pid = children[0];
  }
  return pid;
}

}  // namespace tlaunch
