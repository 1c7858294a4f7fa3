#include "hardware/slurm.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <initializer_list>

namespace tlaunch {
namespace {

std::optional<std::string> first_of(const EnvironmentReader& environment, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (auto value = environment(name); value && !value->empty()) return value;
  }
  return std::nullopt;
}

template <typename Number>
std::optional<Number> positive(const std::optional<std::string>& text) {
  Number value = 0;
  if (!text) return std::nullopt;
  const char* const end = text->data() + text->size();
  const auto parsed = std::from_chars(text->data(), end, value);
  if (parsed.ec != std::errc() || parsed.ptr != end || value <= 0) return std::nullopt;
  return value;
}

}  // namespace

std::optional<SlurmInfo> slurm_info(const EnvironmentReader& environment, double now_s) {
  const auto job = first_of(environment, {"SLURM_JOB_ID", "SLURM_JOBID"});
  if (!job) return std::nullopt;
  SlurmInfo info;
  info.job_id = *job;
  info.node_list = first_of(environment, {"SLURM_JOB_NODELIST", "SLURM_NODELIST"}).value_or("");
  info.nodes = positive<int>(first_of(environment, {"SLURM_JOB_NUM_NODES", "SLURM_NNODES"}));
  info.tasks = positive<int>(first_of(environment, {"SLURM_NTASKS", "SLURM_NPROCS"}));
  info.cpus_per_task = positive<int>(environment("SLURM_CPUS_PER_TASK"));
  if (const auto end_s = positive<std::int64_t>(environment("SLURM_JOB_END_TIME"))) {
    info.time_left_s = std::max(0.0, static_cast<double>(*end_s) - now_s);
  }
  return info;
}

}  // namespace tlaunch
