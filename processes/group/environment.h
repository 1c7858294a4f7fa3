// The environment that workers are started with.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tlaunch {

struct EnvironmentSpec {
  int local_rank = 0;
  int local_world_size = 1;  // ranks on this node; one node, so also the world's size
  std::string master_address;
  int master_port = 0;
  std::string role = "default", run_id = "none";
  std::string signals_to_handle = "SIGTERM,SIGINT,SIGHUP,SIGQUIT";
  // Each rank gets LOCAL_RANK 0 and sees one GPU: the one at its place in CUDA_VISIBLE_DEVICES, if that is set.
  bool virtual_local_rank = false;
  std::optional<std::string> cuda_visible_devices;
  int core_share = 1;                           // cores that this rank may keep busy (hardware/placement.h)
  std::int64_t restarts = 0, max_restarts = 0;  // so far; at most
  std::optional<std::string> omp_num_threads, nccl_async_error_handling;  // the user's values, which stay
};

// The variables that torchrun sets for the same rank, with the same values, except: TORCHELASTIC_USE_AGENT_STORE is
// False, because no agent serves a store on MASTER_PORT; OMP_NUM_THREADS is the number of cores per rank, while
// torchrun sets 1; the error file is missing, because program mode adds it. Pure. Throws UsageError if a rank has no
// GPU.
std::map<std::string, std::string> torchrun_environment(const EnvironmentSpec& spec);

// All of a worker's environment as "NAME=value": our own, without the variables that an outer tlaunch set for its
// worker, and `additions`, which win.
std::vector<std::string> worker_environment(const std::map<std::string, std::string>& additions);

}  // namespace tlaunch
