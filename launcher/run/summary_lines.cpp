#include "launcher/run/summary_lines.h"

#include <map>

#include "base/units.h"

namespace tlaunch {
namespace {

// A choice that was left to tuning says so; the reason stands in plan.json and --dry-run.
std::string with_origin(const Job& job, const std::string& key, const std::string& text) {
  const Choice* choice = job.plan.find(key);
  if (choice == nullptr || choice->origin == Origin::user) return text;
  return text + "  (" + to_string(choice->origin) + ")";
}

std::string on_off(bool value) { return value ? "on" : "off"; }

std::string capability(const GpuInfo& gpu) {
  return std::to_string(gpu.capability_major) + "." + std::to_string(gpu.capability_minor);
}

const GpuInfo& card_of(const Job& job, std::int64_t rank) {
  return job.hardware.gpus.at(job.placement.ranks.at(static_cast<std::size_t>(rank)).gpu.value());
}

void add_devices(const Job& job, std::vector<std::string>& lines) {
  const HardwareProfile& hardware = job.hardware;
  if (!job.world.on_gpu) {
    lines.push_back("device: CPU, " + hardware.cpu.model + ", " + std::to_string(hardware.cpu.allowed_cores) +
                    " cores for " + format_number_of(job.world.size, "rank"));
    return;
  }
  for (std::int64_t rank = 0; rank < job.world.size; ++rank) {
    const GpuInfo& gpu = card_of(job, rank);
    lines.push_back("device " + std::to_string(rank) + ": " + gpu.name + ", compute capability " + capability(gpu) +
                    (gpu.tier.empty() ? "" : ", " + gpu.tier) + ", " + gpu.uuid +
                    (gpu.numa_node ? ", NUMA node " + std::to_string(*gpu.numa_node) : ""));
  }
}

std::string memory_line(const Job& job) {
  if (!job.world.on_gpu)
    return "memory: " + format_bytes(job.hardware.memory_available_bytes) + " available of " +
           format_bytes(job.hardware.memory_limit_bytes);
  std::string text = "GPU memory:";
  for (std::int64_t rank = 0; rank < job.world.size; ++rank) {
    const GpuInfo& gpu = card_of(job, rank);
    text += (rank == 0 ? " " : ", ") + format_bytes(gpu.memory_free_bytes) + " free of " +
            format_bytes(gpu.memory_total_bytes);
  }
  return text;
}

std::string option_text(const OptionValue& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return std::to_string(*integer);
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  return Json(std::get<double>(value)).dump();
}

std::string options_text(const Options& options) {
  std::string text;
  for (const auto& [key, value] : options.values()) text += (text.empty() ? "" : ", ") + key + " " + option_text(value);
  return text.empty() ? "" : " (" + text + ")";
}

}  // namespace

std::vector<std::string> start_up_lines(const Job& job, const std::string& run_dir) {
  const RunConfig& config = job.config;
  std::vector<std::string> lines;
  add_devices(job, lines);
  for (std::string& line : placement_lines(job.placement)) lines.push_back(std::move(line));
  lines.push_back(memory_line(job));
  const Precision precision = config.gpu.mixed_precision.value_or(Precision::fp32);
  lines.push_back(with_origin(job, "gpu.mixed_precision",
                              precision == Precision::fp32
                                  ? std::string("precision: ") + to_string(config.model.dtype)
                                  : std::string("precision: mixed, ") + to_string(precision) + " and float32"));
  if (job.world.on_gpu) {
    lines.push_back(with_origin(job, "gpu.tf32", "TF32: " + on_off(config.gpu.tf32.value_or(false))));
    lines.push_back(with_origin(job, "gpu.cudnn_benchmark",
                                "cudnn.benchmark: " + on_off(config.gpu.cudnn_benchmark.value_or(false))));
  }
  lines.push_back(with_origin(job, "data.num_workers",
                              "loader workers: " + std::to_string(config.data.num_workers.value_or(0)) + " a rank"));
  const std::int64_t micro = config.train.batch_size.value_or(0),
                     steps = config.train.gradient_accumulation_steps.value_or(0);
  lines.push_back(with_origin(job, "train.batch_size",
                              "batch: " + std::to_string(micro) + " (micro-batch) x " + std::to_string(steps) +
                                  " (accumulation) x " + format_number_of(job.world.size, "rank") + " = " +
                                  std::to_string(config.train.effective_batch_size.value_or(0)) +
                                  " (effective batch)"));
  if (const Choice* rate = job.plan.find("train.learning_rate"))
    lines.push_back("learning rate: " + rate->value.dump() + "  (" + rate->reason + ")");
  lines.push_back("model: " + config.model.name + options_text(config.model.options));
  lines.push_back("data: " + config.data.name + (config.data.root.empty() ? "" : " in " + config.data.root));
  lines.push_back("run folder: " + run_dir);
  return lines;
}

void show_start_up(Progress& progress, const Job& job, const std::string& run_dir) {
  for (const std::string& text : start_up_lines(job, run_dir)) progress.line(progress.terminal().tick() + text);
  for (const std::string& note : job.placement.notes) progress.line("note: " + note);
  for (const std::string& note : job.hardware.notes) progress.line("note: " + note);
}

}  // namespace tlaunch
