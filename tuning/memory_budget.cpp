#include "tuning/memory_budget.h"

#include <algorithm>

namespace tlaunch {
namespace {

constexpr double most = 0.90;        // of a card, or of the memory limit
constexpr double cpu_margin = 0.10;  // for the file cache and other processes beside the run

std::uint64_t less_margin(std::uint64_t free_bytes, std::uint64_t total_bytes, double margin) {
  const double total = static_cast<double>(total_bytes);
  const double left = std::min(static_cast<double>(free_bytes) - margin * total, most * total);
  return left > 0 ? static_cast<std::uint64_t>(left) : 0;
}

}  // namespace

std::uint64_t memory_budget_bytes(const HardwareProfile& hardware, const JobShape& job, std::optional<double> margin) {
  const auto ranks = static_cast<std::uint64_t>(std::max<std::int64_t>(1, job.world_size));
  if (!job.on_gpu || hardware.gpus.empty())
    return less_margin(std::min(hardware.memory_available_bytes, hardware.memory_limit_bytes),
                       hardware.memory_limit_bytes, margin.value_or(cpu_margin)) /
           ranks;
  std::optional<std::uint64_t> least;
  const auto cards = std::min<std::size_t>(ranks, hardware.gpus.size());
  for (std::size_t i = 0; i < cards; ++i) {
    const GpuInfo& gpu = hardware.gpus[i];
    const auto budget =
        less_margin(gpu.memory_free_bytes, gpu.memory_total_bytes, margin.value_or(tier_margin(gpu.tier)));
    least = std::min(least.value_or(budget), budget);
  }
  return *least;
}

}  // namespace tlaunch
