// `tlaunch-worker check CONFIG`: whether the data, the model and its weights can be loaded. The launcher asks before it
// measures or starts anything. One process, on the CPU; it writes nothing except to the cache of data sets.
#pragma once

#include <string>

#include "checkpoint/data_identity.h"
#include "config/run_config.h"

namespace tlaunch {

// The weights that must fit the model; at most one of these is set.
struct CheckedWeights {
  std::string checkpoint = {};  // the weights of this file
  std::string resume = {};      // all that a run needs to continue from this checkpoint, which is verified by now
  bool first = false;           // model.weights, if the config names a file
};

// Throws the same as a run: DataError, and whatever a model's constructor throws.
DataIdentity check_job(const RunConfig& config, const CheckedWeights& weights);

}  // namespace tlaunch
