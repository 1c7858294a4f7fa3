// DeepLog (Du et al., CCS 2017): a stacked LSTM reads a window of log keys and predicts the next one. Parameters are
// named as in PyTorch: lstm.weight_ih_l0 ..., fc.weight, fc.bias, and embedding.weight if keys are embedded.
#pragma once

#include <memory>

#include "models/model.h"

namespace tlaunch {

ModelDescription lstm_description();
// Throws UsageError if the data's window is not the model's.
std::shared_ptr<Model> make_lstm(const Options& options, const SampleShape& shape);

}  // namespace tlaunch
