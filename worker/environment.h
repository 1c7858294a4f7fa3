// Who this worker is: its rank, the world size, its task and where it reports. Read once from the environment
// (torchrun's variables and contract/worker_env.h); without RANK and WORLD_SIZE the worker is a single process.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/environment.h"
#include "contract/event_writer.h"

namespace tlaunch {

struct WorkerEnvironment {
  int rank = 0, local_rank = 0, world_size = 1, local_world_size = 1;
  std::string master_addr = "127.0.0.1";
  int master_port = 0;                      // 0: single process, no store
  int store_fd = -1;                        // rank 0: a listening socket handed over by the launcher
  std::optional<std::string> device_asked;  // "cpu" or "cuda"; empty: cuda if there is a card
  bool cuda_over_gloo = false;              // TLAUNCH_CUDA_BACKEND=gloo: ranks may share a card
  std::string run_dir;                      // "": nothing is written
  std::string plan_path;                    // "": none
  std::string resume_path;                  // "": from the start
  std::string smoke;                        // JSON text, "": no smoke test
  EventWriter events{-1, 0};
  double heartbeat_s = 0;  // interval; 0: no heartbeats

  bool is_main() const { return rank == 0; }
};

// Throws UsageError that names the variable that is missing or invalid.
WorkerEnvironment read_worker_environment(const Getenv& getenv = environment_value);

}  // namespace tlaunch
