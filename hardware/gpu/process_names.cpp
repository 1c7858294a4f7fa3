#include "hardware/gpu/process_names.h"

#include <filesystem>

namespace tlaunch {

bool sees_all_processes() {
  std::error_code error;
  // The number that the kernel gives to the outermost process namespace (PROC_PID_INIT_INO).
  return std::filesystem::read_symlink("/proc/self/ns/pid", error) == "pid:[4026531836]";
}

void name_processes(const FileReader& read, std::vector<GpuInfo>& gpus) {
  for (GpuInfo& gpu : gpus) {
    for (GpuProcess& process : gpu.processes) {
      // A process chooses its name, so characters that could disturb a terminal are left out.
      for (const char c : read("/proc/" + std::to_string(process.pid) + "/comm").value_or("")) {
        if (c >= ' ' && c < 127 && process.name.size() < 64) process.name += c;
      }
    }
  }
}

}  // namespace tlaunch
