// `tlaunch-worker check CONFIG`: whether the data, the model and its weights can be had, asked by the launcher before
// it measures or starts anything. One process, on the CPU; writes nothing but what data sets keep in their cache.
#pragma once

#include <string>

#include "checkpoint/data_identity.h"
#include "config/run_config.h"

namespace tlaunch {

// What must fit the model; at most one of them.
struct CheckedWeights {
  std::string checkpoint = {};  // the weights of this file
  std::string resume = {};      // all that a run needs to go on from this checkpoint, which is verified by now
  bool first = false;           // model.weights, where the config names a file
};

// Throws what a run would: DataError, and whatever a model's constructor throws.
DataIdentity check_job(const RunConfig& config, const CheckedWeights& weights);

}  // namespace tlaunch
