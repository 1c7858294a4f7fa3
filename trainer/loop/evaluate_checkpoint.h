// `evaluate`: the metrics of a checkpoint (or of any safetensors file that fits) on the validation split, and detection
// if the data set has labelled sessions.
#pragma once

#include "config/run_config.h"
#include "trainer/ranks/context.h"
#include "trainer/ranks/ranks.h"

namespace tlaunch {

// Rank 0 reports them as an `end` event, or prints it if there is no launcher. Throws DataError for a file that is
// damaged or of another model.
void evaluate_checkpoint(const WorkerContext& context, const RunConfig& config, const Ranks& ranks,
                         const std::string& path);

}  // namespace tlaunch
