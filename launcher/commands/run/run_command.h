// The run command: trains the model of a CONFIG.yaml and writes a summary.
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
  std::vector<std::string> overrides;  // key=value; options that set a config key come last
  std::optional<std::string> resume;   // auto, or the path of a checkpoint
  std::optional<SmokeOptions> smoke;
  std::string run_dir;               // "": runs/<name>/<time>-<id>
  std::optional<double> deadline_s;  // time within which the run should be done
  bool fit_disk = false;             // keep fewer checkpoints if the disk is too small for the policy
  bool dry_run = false, retune = false, profile = false, json = false;
  bool pass_stdin = false;                                  // stdin to rank 0
  std::uint64_t log_limit_bytes = default_log_limit_bytes;  // per rank
  std::optional<std::uint64_t> wait_gpu_bytes;              // free on each GPU in use before the start
};

// Returns the exit code. Throws UsageError for a mistake that is found before a worker starts.
int run_config(const RunCommand& command);

}  // namespace tlaunch
