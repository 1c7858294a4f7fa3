#include "trainer/check_job.h"

#include "trainer/state/train_state.h"

namespace tlaunch {

DataIdentity check_job(const RunConfig& config, const CheckedWeights& weights) {
  TrainingSetup setup = make_training_setup(config, torch::kCPU, make_dataset(config.data, config.model.options));
  if (!weights.checkpoint.empty()) load_weights(SafetensorsFile(weights.checkpoint), setup);
  if (!weights.resume.empty()) {
    const auto optimizer = make_optimizer(config.train, named_parameters(*setup.model));
    SavedState(weights.resume, Contents::verified).check_fit(setup, *optimizer);
  }
  if (weights.first) load_first_weights(config, setup);
  return data_identity(*setup.dataset);
}

}  // namespace tlaunch
