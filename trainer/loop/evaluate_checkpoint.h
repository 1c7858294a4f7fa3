// `evaluate`: a checkpoint's (or any fitting safetensors file's) metrics on the validation split, and detection where
// the data set has labelled sessions.
#pragma once

#include "config/run_config.h"
#include "trainer/ranks/context.h"
#include "trainer/ranks/ranks.h"

namespace tlaunch {

// Rank 0 reports them as an `end` event, or prints it where there is no launcher. Throws DataError for a file that is
// damaged or of another model.
void evaluate_checkpoint(const WorkerContext& context, const RunConfig& config, const Ranks& ranks,
                         const std::string& path);

}  // namespace tlaunch
