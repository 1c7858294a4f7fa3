#include "launcher/probe_command.h"

#include <cstdio>

#include "core/units.h"

namespace tlaunch {

std::string probe_text(const HardwareProfile& hardware) {
  std::string text;
  for (std::size_t i = 0; i < hardware.gpus.size(); ++i) {
    const GpuInfo& gpu = hardware.gpus[i];
    text += "GPU " + std::to_string(i) + ": " + gpu.name + ", " + format_bytes(gpu.memory_free_bytes) + " free of " +
            format_bytes(gpu.memory_total_bytes) + ", compute capability " + std::to_string(gpu.capability_major) +
            "." + std::to_string(gpu.capability_minor) + ", " + gpu.tier + ", " + gpu.uuid + "\n";
  }
  if (hardware.gpus.empty()) text += "GPU: none visible\n";
  if (!hardware.driver_version.empty()) text += "NVIDIA driver: " + hardware.driver_version + "\n";
  text += "CPU: " + hardware.cpu.model + ", " + std::to_string(hardware.cpu.allowed_cores) + " allowed cores";
  for (const std::string& feature : hardware.cpu.features) text += " " + feature;
  text += "\nmemory: " + format_bytes(hardware.memory_available_bytes) + " available, limit " +
          format_bytes(hardware.memory_limit_bytes) + "\ndisk: " + format_bytes(hardware.disk_free_bytes) +
          " free in " + hardware.disk_path + "\n";
  if (hardware.wsl2) text += "WSL2: yes\n";
  for (const std::string& note : hardware.notes) text += "note: " + note + "\n";
  return text;
}

int run_probe(const ProbeCommand& command) {
  const HardwareProfile hardware = probe(".");
  const std::string text = command.json ? to_json(hardware).dump(2) + "\n" : probe_text(hardware);
  std::fputs(text.c_str(), stdout);
  return 0;
}

}  // namespace tlaunch
