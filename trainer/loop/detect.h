// DeepLog's detection: a session is anomalous if a key is not among the model's top-g next keys, or was never seen in
// training. (Du et al., "DeepLog: Anomaly Detection and Diagnosis from System Logs through Deep Learning", CCS
// 2017.)
#pragma once

#include <map>
#include <string>

#include "trainer/ranks/agreed_memory.h"
#include "trainer/ranks/ranks.h"
#include "trainer/setup/training_setup.h"

namespace tlaunch {

struct DetectionCounts {
  std::int64_t true_positives = 0, false_positives = 0, normal = 0, abnormal = 0;
};

// precision, recall, f1 (0 if nothing is flagged or nothing is abnormal) and false_positive_rate. Pure.
std::map<std::string, double> detection_metrics(const DetectionCounts& counts);

// Runs on the data set's test sessions, which must exist. All ranks call it, and all get the same figures.
// `model_options`: top_g, the number of next keys that count as expected. Empty if a rank was asked to stop
// (worker/stop_request.h). If memory runs out on any rank, all start again with `batch` halved.
std::map<std::string, double> detect(TrainingSetup& setup, const Ranks& ranks, const Options& model_options,
                                     HalvingBatch& batch);

}  // namespace tlaunch
