// Who this worker is: its rank among how many, its device, and where it reports. Read once from the environment
// (torchrun's variables and core/worker_env.h); without RANK and WORLD_SIZE it is a single process.
#pragma once

#include <torch/types.h>

#include <functional>
#include <optional>
#include <string>

#include "contract/event_writer.h"
#include "trainer/device.h"

namespace tlaunch {

struct WorkerContext {
  int rank = 0, local_rank = 0, world_size = 1, local_world_size = 1;
  std::string master_addr = "127.0.0.1";
  int master_port = 0;  // 0: single process, no store
  int store_fd = -1;    // rank 0: a listening socket handed over by the launcher
  torch::Device device = torch::kCPU;
  bool cuda_over_gloo = false;  // TLAUNCH_CUDA_BACKEND=gloo: ranks may share a card
  std::string run_dir;          // "": nothing is written
  std::string plan_path;        // "": none
  std::string resume_path;      // "": from the start
  std::string smoke;            // JSON text, "": no smoke test
  EventWriter events{-1, 0};
  double heartbeat_s = 0;  // 0: none asked for

  bool is_main() const { return rank == 0; }
};

using Getenv = std::function<std::optional<std::string>(const std::string&)>;
std::optional<std::string> process_getenv(const std::string& name);

// Throws UsageError naming the variable that is missing or no number, or the device that is not there. `count_cards` is
// not asked where the environment says cpu: it starts the driver, which takes up to a second and may hang.
WorkerContext context_from_environment(const Getenv& getenv,
                                       const std::function<int()>& count_cards = cuda_device_count);

}  // namespace tlaunch
