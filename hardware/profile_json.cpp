#include "base/text.h"
#include "hardware/profile.h"

namespace tlaunch {
namespace {

template <typename Value>
void set_if_known(Json& json, const char* key, const std::optional<Value>& value) {
  if (value) json[key] = *value;
}

Json gpu_json(const GpuInfo& gpu) {
  const std::string capability = format_text("{}.{}", gpu.capability_major, gpu.capability_minor);
  Json json = {{"name", gpu.name},
               {"uuid", gpu.uuid},
               {"tier", gpu.tier},
               {"memory_total_bytes", gpu.memory_total_bytes},
               {"memory_free_bytes", gpu.memory_free_bytes},
               {"compute_capability", capability},
               {"mig", gpu.mig},
               {"mig_instances", Json::array()},
               {"processes", Json::array()}};
  if (gpu.pcie) json["pcie"] = {{"generation", gpu.pcie->generation}, {"width", gpu.pcie->width}};
  set_if_known(json, "nvlink_links", gpu.nvlink_links);
  if (!gpu.pci_bus_id.empty()) json["pci_bus_id"] = gpu.pci_bus_id;
  set_if_known(json, "numa_node", gpu.numa_node);
  for (const MigInstance& instance : gpu.mig_instances) {
    json["mig_instances"].push_back({{"name", instance.name},
                                     {"uuid", instance.uuid},
                                     {"memory_total_bytes", instance.memory_total_bytes},
                                     {"memory_free_bytes", instance.memory_free_bytes}});
  }
  for (const GpuProcess& process : gpu.processes) {
    Json& entry = json["processes"].emplace_back(Json{{"pid", process.pid}});
    if (!process.name.empty()) entry["name"] = process.name;
    set_if_known(entry, "used_bytes", process.used_bytes);
  }
  return json;
}

Json cpu_json(const CpuInfo& cpu) {
  Json json = {{"model", cpu.model},
               {"allowed_cores", cpu.allowed_cores},
               {"features", cpu.features},
               {"numa_nodes", Json::array()}};
  for (const NumaNode& node : cpu.numa_nodes) json["numa_nodes"].push_back({{"id", node.id}, {"cores", node.cores}});
  set_if_known(json, "physical_cores", cpu.physical_cores);
  return json;
}

Json slurm_json(const SlurmInfo& slurm) {
  Json json = {{"job_id", slurm.job_id}};
  if (!slurm.node_list.empty()) json["node_list"] = slurm.node_list;
  set_if_known(json, "nodes", slurm.nodes);
  set_if_known(json, "tasks", slurm.tasks);
  set_if_known(json, "cpus_per_task", slurm.cpus_per_task);
  set_if_known(json, "time_left_s", slurm.time_left_s);
  return json;
}

}  // namespace

Json to_json(const HardwareProfile& profile) {
  Json disk = {{"path", profile.disk_path}, {"free_bytes", profile.disk_free_bytes}};
  if (!profile.disk_type.empty()) disk["type"] = profile.disk_type;
  set_if_known(disk, "write_bytes_per_s", profile.disk_write_bytes_per_s);
  Json json = {
      {"gpus", Json::array()},   {"cpu", cpu_json(profile.cpu)}, {"memory_limit_bytes", profile.memory_limit_bytes},
      {"disk", std::move(disk)}, {"wsl2", profile.wsl2},         {"driver_version", profile.driver_version},
      {"notes", profile.notes}};
  for (const GpuInfo& gpu : profile.gpus) json["gpus"].push_back(gpu_json(gpu));
  if (profile.slurm) json["slurm"] = slurm_json(*profile.slurm);
  return json;
}

}  // namespace tlaunch
