#include "processes/group/environment.h"

#include <unistd.h>

#include <algorithm>
#include <sstream>
#include <string_view>

#include "base/error.h"
#include "base/text.h"
#include "contract/worker_env.h"

namespace tlaunch {

namespace {

// The GPU of this rank, out of those that all ranks may see.
std::string only_gpu(const EnvironmentSpec& spec) {
  if (!spec.cuda_visible_devices) return std::to_string(spec.local_rank);
  std::istringstream list(*spec.cuda_visible_devices);
  std::string device;
  for (int i = 0; i <= spec.local_rank; ++i) {
    if (!std::getline(list, device, ','))
      throw UsageError(
          format_text("--virtual-local-rank: CUDA_VISIBLE_DEVICES={} has no GPU for local rank {}; "
                      "start fewer ranks",
                      *spec.cuda_visible_devices, spec.local_rank));
  }
  device.erase(0, device.find_first_not_of(' '));
  device.erase(device.find_last_not_of(' ') + 1);
  return device;
}

}  // namespace

std::map<std::string, std::string> torchrun_environment(const EnvironmentSpec& spec) {
  const std::string rank = std::to_string(spec.local_rank), world = std::to_string(spec.local_world_size);
  std::map<std::string, std::string> environment = {
      {"RANK", rank},
      {"LOCAL_RANK", spec.virtual_local_rank ? "0" : rank},
      {"ROLE_RANK", rank},
      {"WORLD_SIZE", world},
      {"LOCAL_WORLD_SIZE", world},
      {"ROLE_WORLD_SIZE", world},
      {"GROUP_RANK", "0"},
      {"GROUP_WORLD_SIZE", "1"},
      {"ROLE_NAME", spec.role},
      {"MASTER_ADDR", spec.master_address},
      {"MASTER_PORT", std::to_string(spec.master_port)},
      {"TORCHELASTIC_RUN_ID", spec.run_id},
      {"TORCHELASTIC_RESTART_COUNT", std::to_string(spec.restarts)},
      {"TORCHELASTIC_MAX_RESTARTS", std::to_string(spec.max_restarts)},
      {"TORCHELASTIC_USE_AGENT_STORE", "False"},
      {"TORCHELASTIC_SIGNALS_TO_HANDLE", spec.signals_to_handle},
      {"TORCH_NCCL_ASYNC_ERROR_HANDLING", spec.nccl_async_error_handling.value_or("1")},
      {"OMP_NUM_THREADS", spec.omp_num_threads.value_or(std::to_string(spec.core_share))},
  };
  if (spec.virtual_local_rank) environment["CUDA_VISIBLE_DEVICES"] = only_gpu(spec);
  return environment;
}

std::vector<std::string> worker_environment(const std::map<std::string, std::string>& additions) {
  // If this process is the worker of an outer tlaunch, these are meant for this process alone.
  constexpr const char* outer_names[] = {env::run_dir, env::plan,        env::event_fd,  env::store_fd,
                                         env::resume,  env::fit_disk,    env::profile,   env::smoke,
                                         env::attempt, env::heartbeat_s, env::stack_file};
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::string name(text.substr(0, text.find('=')));
    const bool outer = std::find(std::begin(outer_names), std::end(outer_names), name) != std::end(outer_names);
    if (!outer && !additions.contains(name)) all.emplace_back(text);
  }
  for (const auto& [name, value] : additions) all.push_back(name + "=" + value);
  return all;
}

}  // namespace tlaunch
