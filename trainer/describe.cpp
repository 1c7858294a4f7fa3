#include "trainer/describe.h"

#include <torch/version.h>

#include "data/dataset.h"
#include "models/model.h"
#include "trainer/device/device.h"

namespace tlaunch {

WorkerDescription describe_worker() {
  WorkerDescription description;
  description.torch_version = TORCH_VERSION;
  description.models = model_descriptions();
  description.datasets = dataset_descriptions();
  description.checks = true;
  description.cuda_version = cuda_version();
  return description;
}

}  // namespace tlaunch
