#include "hardware/profile.h"

#include <cstdlib>
#include <iterator>

#include "hardware/cpu.h"
#include "hardware/disk.h"
#include "hardware/gpu_probe.h"
#include "hardware/memory.h"
#include "hardware/wsl.h"

namespace tlaunch {
namespace {

std::optional<std::string> environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? std::optional<std::string>(value) : std::nullopt;
}

void probe_cards(const FileReader& read, HardwareProfile& profile) {
  GpuProbe found = probe_gpus({std::begin(nvml_library_paths), std::end(nvml_library_paths)});
  profile.driver_version = found.driver_version;
  profile.notes = std::move(found.notes);
  profile.gpus = visible_gpus(found.gpus, environment("CUDA_VISIBLE_DEVICES"), environment("CUDA_DEVICE_ORDER"),
                              profile.notes);
  if (found.driver_found || !profile.notes.empty()) return;
  // A container shares the host's kernel, hence its driver's /proc entry, but sees the cards only where it is told to.
  profile.notes.push_back(read("/proc/driver/nvidia/version")
                              ? "the host has an NVIDIA driver but its library is not here: start the container with "
                                "its GPUs (`docker run --gpus all`, `apptainer --nv`)"
                              : "no NVIDIA driver (libnvidia-ml.so.1 not found): training runs on the CPU");
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

  const DiskInfo disk = disk_info(run_folder);
  profile.disk_path = disk.path;
  profile.disk_free_bytes = disk.free_bytes.value_or(0);
  if (!disk.free_bytes) profile.notes.push_back("free disk space of " + disk.path + " unknown");

  profile.wsl2 = is_wsl2(read("/proc/version").value_or(""));
  if (profile.wsl2) {
    for (std::string& line : wsl_advice(read, !profile.gpus.empty(), profile.memory_limit_bytes)) {
      profile.notes.push_back(std::move(line));
    }
  }
  return profile;
}

Json to_json(const HardwareProfile& profile) {
  Json gpus = Json::array();
  for (const GpuInfo& gpu : profile.gpus) {
    const std::string capability = std::to_string(gpu.capability_major) + "." + std::to_string(gpu.capability_minor);
    gpus.push_back({{"name", gpu.name},
                    {"uuid", gpu.uuid},
                    {"tier", gpu.tier},
                    {"memory_total_bytes", gpu.memory_total_bytes},
                    {"memory_free_bytes", gpu.memory_free_bytes},
                    {"compute_capability", capability}});
  }
  return {{"gpus", gpus},
          {"cpu",
           {{"model", profile.cpu.model},
            {"allowed_cores", profile.cpu.allowed_cores},
            {"features", profile.cpu.features}}},
          {"memory_limit_bytes", profile.memory_limit_bytes},
          {"disk", {{"path", profile.disk_path}, {"free_bytes", profile.disk_free_bytes}}},
          {"wsl2", profile.wsl2},
          {"driver_version", profile.driver_version},
          {"notes", profile.notes}};
}

}  // namespace tlaunch
