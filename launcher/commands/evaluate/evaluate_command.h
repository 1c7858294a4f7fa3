// `tlaunch evaluate`: evaluates a checkpoint on the data set of a config. Makes no run folder.
#pragma once

#include <string>
#include <vector>

namespace tlaunch {

struct EvaluateCommand {
  std::string config, checkpoint;
  std::vector<std::string> overrides;
  bool json = false;
};

// Prints the metrics to stdout, one per line, or as {checkpoint, metrics, world_size, seconds}. Returns the exit code.
// Throws UsageError before any worker starts, DataError if the checkpoint is damaged.
int run_evaluate(const EvaluateCommand& command);

}  // namespace tlaunch
