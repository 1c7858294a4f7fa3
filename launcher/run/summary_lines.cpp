#include "launcher/run/summary_lines.h"

#include <map>

#include "base/text.h"
#include "base/units.h"

namespace tlaunch {
namespace {

// Marks a choice that was left to tuning. Its reason is in plan.json and in the output of --dry-run.
std::string with_origin(const Job& job, const std::string& key, const std::string& text) {
  const Choice* choice = job.plan.find(key);
  if (choice == nullptr || choice->origin == Origin::user) return text;
  return format_text("{}  ({})", text, to_string(choice->origin));
}

std::string on_off(bool value) { return value ? "on" : "off"; }

std::string capability(const GpuInfo& gpu) { return format_text("{}.{}", gpu.capability_major, gpu.capability_minor); }

const GpuInfo& card_of(const Job& job, std::int64_t rank) {
  return job.hardware.gpus.at(job.placement.ranks.at(static_cast<std::size_t>(rank)).gpu.value());
}

void add_devices(const Job& job, std::vector<std::string>& lines) {
  const HardwareProfile& hardware = job.hardware;
  if (!job.world.on_gpu) {
    lines.push_back(format_text("device: CPU, {}, {} cores for {}", hardware.cpu.model, hardware.cpu.allowed_cores,
                                format_number_of(job.world.size, "rank")));
    return;
  }
  for (std::int64_t rank = 0; rank < job.world.size; ++rank) {
    const GpuInfo& gpu = card_of(job, rank);
    const std::string node = gpu.numa_node ? format_text("NUMA node {}", *gpu.numa_node) : "";
    lines.push_back(format_text("device {}: {}, compute capability {}, {}", rank, gpu.name, capability(gpu),
                                joined({gpu.tier, gpu.uuid, node}, ", ")));
  }
}

std::string memory_line(const Job& job) {
  if (!job.world.on_gpu)
    return format_text("memory: {} available of {}", format_bytes(job.hardware.memory_available_bytes),
                       format_bytes(job.hardware.memory_limit_bytes));
  std::vector<std::string> cards;
  for (std::int64_t rank = 0; rank < job.world.size; ++rank) {
    const GpuInfo& gpu = card_of(job, rank);
    cards.push_back(
        format_text("{} free of {}", format_bytes(gpu.memory_free_bytes), format_bytes(gpu.memory_total_bytes)));
  }
  return "GPU memory: " + joined(cards, ", ");
}

std::string option_text(const OptionValue& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return std::to_string(*integer);
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  return Json(std::get<double>(value)).dump();
}

std::string options_text(const Options& options) {
  std::vector<std::string> texts;
  for (const auto& [key, value] : options.values()) texts.push_back(format_text("{} {}", key, option_text(value)));
  return texts.empty() ? "" : format_text(" ({})", joined(texts, ", "));
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
                                  ? format_text("precision: {}", to_string(config.model.dtype))
                                  : format_text("precision: mixed, {} and float32", to_string(precision))));
  if (job.world.on_gpu) {
    lines.push_back(with_origin(job, "gpu.tf32", "TF32: " + on_off(config.gpu.tf32.value_or(false))));
    lines.push_back(with_origin(job, "gpu.cudnn_benchmark",
                                "cudnn.benchmark: " + on_off(config.gpu.cudnn_benchmark.value_or(false))));
  }
  lines.push_back(with_origin(job, "data.num_workers",
                              format_text("loader workers: {} per rank", config.data.num_workers.value_or(0))));
  const std::int64_t micro = config.train.batch_size.value_or(0),
                     steps = config.train.gradient_accumulation_steps.value_or(0);
  lines.push_back(with_origin(
      job, "train.batch_size",
      format_text("batch: {} (micro-batch) x {} (accumulation) x {} = {} (effective batch)", micro, steps,
                  format_number_of(job.world.size, "rank"), config.train.effective_batch_size.value_or(0))));
  if (const Choice* rate = job.plan.find("train.learning_rate"))
    lines.push_back(format_text("learning rate: {}  ({})", rate->value.dump(), rate->reason));
  lines.push_back(format_text("model: {}{}", config.model.name, options_text(config.model.options)));
  lines.push_back(
      format_text("data: {}{}", config.data.name, config.data.root.empty() ? "" : " in " + config.data.root));
  lines.push_back("run folder: " + run_dir);
  return lines;
}

void show_start_up(Progress& progress, const Job& job, const std::string& run_dir) {
  for (const std::string& text : start_up_lines(job, run_dir)) progress.line(progress.terminal().tick() + text);
  for (const std::string& note : job.placement.notes) progress.line("note: " + note);
  for (const std::string& note : job.hardware.notes) progress.line("note: " + note);
}

}  // namespace tlaunch
