#include "tuning/search/alternatives.h"

#include <algorithm>
#include <stdexcept>

#include "contract/plan.h"

namespace tlaunch {
namespace {

int oldest_capability(const HardwareProfile& hardware, const JobShape& job) {
  const auto cards = std::min<std::size_t>(static_cast<std::size_t>(job.world_size), hardware.gpus.size());
  int oldest = 99;
  for (std::size_t i = 0; i < cards; ++i) oldest = std::min(oldest, hardware.gpus[i].capability_major);
  return oldest;
}

bool cpu_has_bf16(const CpuInfo& cpu) {
  return std::any_of(cpu.features.begin(), cpu.features.end(), [](const std::string& feature) {
    return feature == "avx512_bf16" || feature == "amx_bf16" || feature == "bf16";
  });
}

std::vector<Precision> precisions(const HardwareProfile& hardware, const JobShape& job) {
  if (!job.on_gpu)
    return cpu_has_bf16(hardware.cpu) ? std::vector{Precision::fp32, Precision::bf16} : std::vector{Precision::fp32};
  const int capability = oldest_capability(hardware, job);
  if (capability >= 8 && job.sample_kind == "keys") return {Precision::fp32, Precision::fp16};
  if (capability >= 8) return {Precision::fp32, Precision::bf16, Precision::fp16};
  if (capability == 7) return {Precision::fp32, Precision::fp16};
  return {Precision::fp32};
}

}  // namespace

std::vector<Alternative> alternatives(const TrialSettings& now, const RunConfig& config,
                                      const HardwareProfile& hardware, const JobShape& job) {
  std::vector<Alternative> found;
  const bool float64 = config.model.dtype == FloatType::float64, image = job.sample_kind == "image";
  const auto add = [&](const char* key, double gain, auto turn) {
    Alternative one{key, now, gain};
    turn(one.settings);
    found.push_back(std::move(one));
  };
  if (!config.gpu.mixed_precision && !float64)
    for (const Precision precision : precisions(hardware, job))
      if (precision != now.precision)
        add("gpu.mixed_precision", now.precision == Precision::fp32 ? 0.3 : 0.02,
            [&](auto& s) { s.precision = precision; });
  if (!config.gpu.channels_last && image && !float64)
    add("gpu.channels_last", now.channels_last ? 0.02 : 0.2, [](auto& s) { s.channels_last = !s.channels_last; });
  if (!config.gpu.cudnn_benchmark && image && job.on_gpu && !config.deterministic)
    add("gpu.cudnn_benchmark", 0.05, [](auto& s) { s.cudnn_benchmark = !s.cudnn_benchmark; });
  if (!config.gpu.tf32 && job.on_gpu && !float64 && now.precision == Precision::fp32 &&
      oldest_capability(hardware, job) >= 8)
    add("gpu.tf32", now.tf32 ? 0.01 : 0.2, [](auto& s) { s.tf32 = !s.tf32; });
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.expected_gain > b.expected_gain; });
  return found;
}

std::vector<Alternative> loading_alternatives(const TrialSettings& now, const RunConfig& config,
                                              const HardwareProfile& hardware, const JobShape& job) {
  std::vector<Alternative> found;
  if (job.on_gpu) {
    if (config.data.pin_memory) return found;
    found.push_back({"data.pin_memory", now, 0.05});
    found.back().settings.pin_memory = !now.pin_memory;
    return found;
  }
  if (config.launch.threads_per_rank || job.omp_num_threads || config.deterministic) return found;
  const std::int64_t cores = cores_of_a_rank(hardware, job);
  std::vector<std::int64_t> counts{std::max<std::int64_t>(1, cores - now.num_workers)};
  if (cores >= 4) counts.push_back(cores / 2);
  if (counts.size() > 1 && counts[0] == counts[1]) counts.pop_back();
  for (const std::int64_t threads : counts) {
    if (threads == now.threads) continue;
    found.push_back({"launch.threads_per_rank", now, 0.05});
    found.back().settings.threads = threads;
  }
  return found;
}

Json value_of(const TrialSettings& settings, const std::string& key) {
  return planned_value(with_trial_settings({}, settings), key);
}

}  // namespace tlaunch
