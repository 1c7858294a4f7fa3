// `tlaunch evaluate`: a checkpoint on the data set of a config. Makes no run folder.
#pragma once

#include <string>
#include <vector>

namespace tlaunch {

struct EvaluateCommand {
  std::string config, checkpoint;
  std::vector<std::string> overrides;
  bool json = false;
};

// Metrics on stdout, a line each, or as {checkpoint, metrics, world_size, seconds}. Returns the exit code. Throws
// UsageError before any worker starts, DataError where the checkpoint is damaged.
int run_evaluate(const EvaluateCommand& command);

}  // namespace tlaunch
