#include "launcher/commands/probe/probe_command.h"

#include <cstdio>

#include "base/units.h"
#include "launcher/narration/results.h"

namespace tlaunch {

namespace {

// "PCIe 4.0 x16, 12 NVLink links, MIG on"; "" where nothing of it is known.
std::string links(const GpuInfo& gpu) {
  std::vector<std::string> parts;
  if (gpu.pcie) {
    parts.push_back("PCIe " + std::to_string(gpu.pcie->generation) + ".0 x" + std::to_string(gpu.pcie->width));
  }
  if (gpu.nvlink_links.value_or(0) > 0) parts.push_back(std::to_string(*gpu.nvlink_links) + " NVLink links");
  if (gpu.mig) parts.push_back("MIG on");
  if (gpu.numa_node) parts.push_back("NUMA node " + std::to_string(*gpu.numa_node));
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

std::string gpu_text(const GpuInfo& gpu) {
  char kept_free[32];
  std::snprintf(kept_free, sizeof kept_free, " (%.0f %% kept free)", 100 * tier_margin(gpu.tier));
  std::string text = gpu.name + ", " + format_bytes(gpu.memory_free_bytes) + " free of " +
                     format_bytes(gpu.memory_total_bytes) + ", compute capability " +
                     std::to_string(gpu.capability_major) + "." + std::to_string(gpu.capability_minor) + ", " +
                     gpu.tier + kept_free + ", " + gpu.uuid + "\n";
  if (const std::string line = links(gpu); !line.empty()) text += "  " + line + "\n";
  for (const MigInstance& instance : gpu.mig_instances) {
    text += "  slice " + instance.name + ", " + format_bytes(instance.memory_total_bytes) + ", " + instance.uuid + "\n";
  }
  for (const GpuProcess& process : gpu.processes) {
    text += "  process " + std::to_string(process.pid) + (process.name.empty() ? "" : " " + process.name) +
            (process.used_bytes ? ", " + format_bytes(*process.used_bytes) : "") + "\n";
  }
  return text;
}

std::string cpu_text(const CpuInfo& cpu) {
  std::string text = cpu.model + ", " + std::to_string(cpu.allowed_cores) + " allowed cores";
  if (cpu.physical_cores) text += " (" + std::to_string(*cpu.physical_cores) + " physical)";
  if (cpu.numa_nodes.size() > 1) text += ", " + std::to_string(cpu.numa_nodes.size()) + " NUMA nodes";
  for (const std::string& feature : cpu.features) text += " " + feature;
  text += "\n";
  for (const NumaNode& node : cpu.numa_nodes) {
    if (cpu.numa_nodes.size() < 2) break;
    text += "  NUMA node " + std::to_string(node.id) + ": " + std::to_string(node.cores.size()) + " cores\n";
  }
  return text;
}

std::string disk_text(const HardwareProfile& hardware) {
  std::string text = format_bytes(hardware.disk_free_bytes) + " free in " + hardware.disk_path;
  if (!hardware.disk_type.empty()) text += ", " + hardware.disk_type;
  if (hardware.disk_write_bytes_per_s) {
    text += ", writes " + format_bytes(static_cast<std::uint64_t>(*hardware.disk_write_bytes_per_s)) + "/s";
  }
  return text + "\n";
}

std::string slurm_text(const SlurmInfo& slurm) {
  std::string text = "job " + slurm.job_id;
  if (slurm.nodes) text += ", " + format_number_of(*slurm.nodes, "node");
  if (!slurm.node_list.empty()) text += " (" + slurm.node_list + ")";
  if (slurm.tasks) text += ", " + format_number_of(*slurm.tasks, "task");
  if (slurm.cpus_per_task) text += " of " + std::to_string(*slurm.cpus_per_task) + " CPUs";
  if (slurm.time_left_s) text += ", " + format_duration(*slurm.time_left_s) + " left";
  return text + "\n";
}

}  // namespace

std::string probe_text(const HardwareProfile& hardware) {
  std::string text;
  for (std::size_t i = 0; i < hardware.gpus.size(); ++i) {
    text += "GPU " + std::to_string(i) + ": " + gpu_text(hardware.gpus[i]);
  }
  if (hardware.gpus.empty()) text += "GPU: none visible\n";
  if (!hardware.driver_version.empty()) text += "NVIDIA driver: " + hardware.driver_version + "\n";
  text += "CPU: " + cpu_text(hardware.cpu);
  text += "memory: " + format_bytes(hardware.memory_available_bytes) + " available, limit " +
          format_bytes(hardware.memory_limit_bytes) + "\n";
  text += "disk: " + disk_text(hardware);
  if (hardware.slurm) text += "Slurm: " + slurm_text(*hardware.slurm);
  if (hardware.wsl2) text += "WSL2: yes\n";
  for (const std::string& note : hardware.notes) text += "note: " + note + "\n";
  return text;
}

int run_probe(const ProbeCommand& command) {
  HardwareProfile hardware = probe(".");
  measure_disk(hardware);
  print_results(command.json ? text_of(to_json(hardware), 2) + "\n" : probe_text(hardware));
  return 0;
}

}  // namespace tlaunch
