#include "hardware/profile.h"

#include <chrono>
#include <cstdlib>
#include <filesystem>

#include "base/environment.h"
#include "base/text.h"
#include "hardware/cpu.h"
#include "hardware/disk.h"
#include "hardware/disk_speed.h"
#include "hardware/gpu/gpu_probe.h"
#include "hardware/memory.h"
#include "hardware/slurm.h"
#include "hardware/wsl.h"

namespace tlaunch {
namespace {

void probe_cards(const FileReader& read, HardwareProfile& profile) {
  GpuProbe found = probe_visible_gpus(read, environment_value);
  profile.driver_version = found.driver_version;
  profile.notes = std::move(found.notes);
  profile.gpus = std::move(found.gpus);
  if (found.driver_found || !profile.notes.empty()) return;
  // A container shares the host's kernel, hence its driver's /proc entry, but must be started with access to the cards.
  profile.notes.push_back(read("/proc/driver/nvidia/version")
                              ? "the host has an NVIDIA driver but its library was not found here: start the container "
                                "with its GPUs (`docker run --gpus all`, `apptainer --nv`)"
                              : "no NVIDIA driver (libnvidia-ml.so.1 not found): training runs on the CPU");
}

void probe_disk(const FileReader& read, const std::string& folder, HardwareProfile& profile) {
  const DiskInfo disk = disk_info(folder);
  profile.disk_path = disk.path;
  profile.disk_free_bytes = disk.free_bytes.value_or(0);
  if (!disk.free_bytes) profile.notes.push_back(format_text("free disk space of {} unknown", disk.path));
  std::error_code error;
  const auto without_links = std::filesystem::canonical(disk.path, error);
  profile.disk_type = file_system_type(read, error ? disk.path : without_links.string());
}

double unix_time_s() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

HardwareProfile probe(const std::string& run_folder) {
  const FileReader read = system_files();
  HardwareProfile profile;
  probe_cards(read, profile);

  profile.cpu = probe_cpu(read);
  const MemoryInfo memory = memory_info(read, process_limits());
  profile.memory_limit_bytes = memory.limit_bytes;
  profile.memory_available_bytes = memory.available_bytes;
  if (memory.limit_bytes == 0) profile.notes.push_back("main memory unknown: /proc/meminfo cannot be read");

  probe_disk(read, run_folder, profile);
  profile.slurm = slurm_info(environment_value, unix_time_s());

  profile.wsl2 = is_wsl2(read("/proc/version").value_or(""));
  if (profile.wsl2) {
    for (std::string& line : wsl_advice(read, !profile.gpus.empty(), profile.memory_limit_bytes, profile.disk_type)) {
      profile.notes.push_back(std::move(line));
    }
  }
  return profile;
}

void measure_disk(HardwareProfile& profile) {
  const DiskSpeed speed = measure_write_speed(profile.disk_path);
  profile.disk_write_bytes_per_s = speed.write_bytes_per_s;
  if (!speed.write_bytes_per_s)
    profile.notes.push_back(format_text("write speed of {} not measured: {}", profile.disk_path, speed.problem));
}

}  // namespace tlaunch
