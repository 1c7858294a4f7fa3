// Shared by training and evaluation: the data set, the model on its device, and how a batch reaches the model.
#pragma once

#include <memory>
#include <vector>

#include "config/run_config.h"
#include "data/dataset.h"
#include "models/model.h"
#include "trainer/setup/optimizer.h"

namespace tlaunch {

struct TrainingSetup {
  std::shared_ptr<const Dataset> dataset;
  std::shared_ptr<Model> model;
  torch::Device device = torch::kCPU;
  torch::Dtype dtype = torch::kFloat32;
  bool channels_last = false;
  Precision precision = Precision::fp32;
  std::string sample_kind;
};

// Initial weights come from config.seed alone: the same on every rank, device and world size.
TrainingSetup make_training_setup(const RunConfig& config, const torch::Device& device,
                                  std::shared_ptr<const Dataset> dataset);

// Whether batches wait in page-locked memory. Always false for the CPU, because page-locked memory would start CUDA.
bool pins_batches(const DataConfig& data, const torch::Device& device);

// A batch on the setup's device, in its dtype and memory format, ready for forward().
torch::Tensor model_input(const TrainingSetup& setup, const Batch& batch);
torch::Tensor model_target(const TrainingSetup& setup, const Batch& batch);

// Trainable parameters in registration order, with their plain names.
std::vector<NamedParameter> named_parameters(const Model& model);
// Parameters and buffers, as in a state_dict.
std::vector<std::pair<std::string, torch::Tensor>> state_tensors(const Model& model);

}  // namespace tlaunch
