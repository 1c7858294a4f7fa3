// The run command: from CONFIG.yaml to a trained model and its summary.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>
#include "launcher/commands/smoke/smoke_plan.h"
#include "processes/output/log_file.h"

namespace tlaunch {

struct RunCommand {
  std::string config;                  // CONFIG.yaml
  std::vector<std::string> overrides;  // key=value; options that are config keys too come last
  std::optional<std::string> resume;   // auto | path of a checkpoint
  std::optional<SmokeOptions> smoke;
  std::string run_dir;               // "": runs/<name>/<time>-<id>
  std::optional<double> deadline_s;  // in which it is to be done
  bool fit_disk = false;             // keep fewer checkpoints where the disk is too small for the policy
  bool dry_run = false, retune = false, profile = false, json = false;
  bool pass_stdin = false;                                  // stdin to rank 0
  std::uint64_t log_limit_bytes = default_log_limit_bytes;  // of each rank's log
  std::optional<std::uint64_t> wait_gpu_bytes;              // that each GPU in use must have free before the start
};

// Returns the exit code. Throws UsageError for all that can be wrong before a worker starts.
int run_config(const RunCommand& command);

}  // namespace tlaunch
