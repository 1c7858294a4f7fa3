#include "trainer/check_job.h"

#include "trainer/train_state.h"

namespace tlaunch {

DataIdentity check_job(const RunConfig& config, const CheckedWeights& weights) {
  Job job = make_job(config, torch::kCPU, make_dataset(config.data, config.model.options));
  if (!weights.checkpoint.empty()) load_weights(SafetensorsFile(weights.checkpoint), job);
  if (!weights.resume.empty()) {
    const auto optimizer = make_optimizer(config.train, named_parameters(*job.model));
    SavedState(weights.resume, Contents::verified).check_fit(job, *optimizer);
  }
  if (weights.first) load_first_weights(config, job);
  return data_identity(*job.dataset);
}

}  // namespace tlaunch
