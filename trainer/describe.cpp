#include "trainer/describe.h"

#include <ATen/detail/CUDAHooksInterface.h>
#include <torch/version.h>

#include <regex>
#include <set>

#include "data/dataset.h"
#include "models/model.h"

namespace tlaunch {

WorkerDescription describe_worker() {
  WorkerDescription description;
  description.torch_version = TORCH_VERSION;
  description.models = model_descriptions();
  description.datasets = dataset_descriptions();
  if (!at::detail::getCUDAHooks().hasCUDART()) return description;
  // The build's own report is the one place that knows both; there is no call for either in C++.
  const auto report = at::detail::getCUDAHooks().showConfig();
  std::smatch found;
  if (std::regex_search(report, found, std::regex("CUDA Runtime ([0-9]+\\.[0-9]+)"))) description.cuda_version = found[1];
  const std::regex architecture("code=(sm_[0-9]+[a-z]?)");
  std::set<std::string> seen;
  for (auto it = std::sregex_iterator(report.begin(), report.end(), architecture); it != std::sregex_iterator(); ++it)
    if (seen.insert((*it)[1]).second) description.cuda_architectures.push_back((*it)[1]);
  return description;
}

}  // namespace tlaunch
