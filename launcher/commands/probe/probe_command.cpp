#include "launcher/commands/probe/probe_command.h"

#include "base/text.h"
#include "base/units.h"
#include "launcher/narration/results.h"

namespace tlaunch {

namespace {

// "PCIe 4.0 x16, 12 NVLink links, MIG on"; "" if nothing of this is known.
std::string links(const GpuInfo& gpu) {
  std::vector<std::string> parts;
  if (gpu.pcie) parts.push_back(format_text("PCIe {}.0 x{}", gpu.pcie->generation, gpu.pcie->width));
  if (gpu.nvlink_links.value_or(0) > 0) parts.push_back(format_text("{} NVLink links", *gpu.nvlink_links));
  if (gpu.mig) parts.push_back("MIG on");
  if (gpu.numa_node) parts.push_back(format_text("NUMA node {}", *gpu.numa_node));
  return joined(parts, ", ");
}

std::string gpu_text(const GpuInfo& gpu) {
  std::string text =
      format_text("{}, {} free of {}, compute capability {}.{}, {} ({:.0f} % kept free), {}\n", gpu.name,
                  format_bytes(gpu.memory_free_bytes), format_bytes(gpu.memory_total_bytes), gpu.capability_major,
                  gpu.capability_minor, gpu.tier, 100 * tier_margin(gpu.tier), gpu.uuid);
  if (const std::string line = links(gpu); !line.empty()) text += "  " + line + "\n";
  for (const MigInstance& instance : gpu.mig_instances) {
    text +=
        format_text("  slice {}, {}, {}\n", instance.name, format_bytes(instance.memory_total_bytes), instance.uuid);
  }
  for (const GpuProcess& process : gpu.processes) {
    const std::string name = process.name.empty() ? "" : " " + process.name;
    const std::string used = process.used_bytes ? ", " + format_bytes(*process.used_bytes) : "";
    text += format_text("  process {}{}{}\n", process.pid, name, used);
  }
  return text;
}

std::string cpu_text(const CpuInfo& cpu) {
  std::string text = format_text("{}, {} allowed cores", cpu.model, cpu.allowed_cores);
  if (cpu.physical_cores) text += format_text(" ({} physical)", *cpu.physical_cores);
  if (cpu.numa_nodes.size() > 1) text += format_text(", {} NUMA nodes", cpu.numa_nodes.size());
  for (const std::string& feature : cpu.features) text += " " + feature;
  text += "\n";
  for (const NumaNode& node : cpu.numa_nodes) {
    if (cpu.numa_nodes.size() < 2) break;
    text += format_text("  NUMA node {}: {} cores\n", node.id, node.cores.size());
  }
  return text;
}

std::string disk_text(const HardwareProfile& hardware) {
  std::string text = format_text("{} free in {}", format_bytes(hardware.disk_free_bytes), hardware.disk_path);
  if (!hardware.disk_type.empty()) text += ", " + hardware.disk_type;
  if (hardware.disk_write_bytes_per_s) {
    text += format_text(", writes {}/s", format_bytes(static_cast<std::uint64_t>(*hardware.disk_write_bytes_per_s)));
  }
  return text + "\n";
}

std::string slurm_text(const SlurmInfo& slurm) {
  std::string text = "job " + slurm.job_id;
  if (slurm.nodes) text += ", " + format_number_of(*slurm.nodes, "node");
  if (!slurm.node_list.empty()) text += " (" + slurm.node_list + ")";
  if (slurm.tasks) text += ", " + format_number_of(*slurm.tasks, "task");
  if (slurm.cpus_per_task) text += format_text(" of {} CPUs", *slurm.cpus_per_task);
  if (slurm.time_left_s) text += format_text(", {} left", format_duration(*slurm.time_left_s));
  return text + "\n";
}

}  // namespace

std::string probe_text(const HardwareProfile& hardware) {
  std::string text;
  for (std::size_t i = 0; i < hardware.gpus.size(); ++i) {
    text += format_text("GPU {}: {}", i, gpu_text(hardware.gpus[i]));
  }
  if (hardware.gpus.empty()) text += "GPU: none visible\n";
  if (!hardware.driver_version.empty()) text += "NVIDIA driver: " + hardware.driver_version + "\n";
  text += "CPU: " + cpu_text(hardware.cpu);
  text += format_text("memory: {} available, limit {}\n", format_bytes(hardware.memory_available_bytes),
                      format_bytes(hardware.memory_limit_bytes));
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
