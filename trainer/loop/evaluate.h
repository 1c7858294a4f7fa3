// Evaluation over all ranks: each sample of the validation split exactly once, in evaluation mode and without
// augmentation.
#pragma once

#include <map>
#include <string>

#include "trainer/ranks/agreed_memory.h"
#include "trainer/ranks/ranks.h"
#include "trainer/setup/training_setup.h"

namespace tlaunch {

struct Evaluation {
  std::map<std::string, double> metrics;  // val_loss, val_accuracy
  std::int64_t samples = 0;               // over all ranks
  double seconds = 0;
  bool cut_short = false;  // a rank was asked to stop (worker/stop_request.h), so there are no metrics
};

// All ranks call it, and all get the same figures. It runs in batches of train.batch_size; if memory runs out on any
// rank, all start again with `batch` halved. `limit`: the most samples, 0: all. Buffers (BatchNorm's running
// statistics) are taken from rank 0 first, as Python's DDP does.
Evaluation evaluate(TrainingSetup& setup, const Ranks& ranks, const RunConfig& config, HalvingBatch& batch,
                    std::int64_t limit = 0);

}  // namespace tlaunch
