#include <ATen/Context.h>
#include <ATen/Parallel.h>

#include <cstdlib>

#include "trainer/device/device.h"

namespace tlaunch {

void apply_flags(const RunConfig& config) {
  auto& context = at::globalContext();
  const bool tf32 = config.gpu.tf32.value_or(false);
  context.setAllowTF32CuBLAS(tf32);
  context.setAllowTF32CuDNN(tf32);
  context.setBenchmarkCuDNN(config.gpu.cudnn_benchmark.value_or(false) && !config.deterministic);
  if (config.launch.threads_per_rank) at::set_num_threads(static_cast<int>(*config.launch.threads_per_rank));
  if (!config.deterministic) return;
  setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", 1);
  context.setDeterministicCuDNN(true);
  context.setDeterministicAlgorithms(true, /*warn_only=*/false);
  context.setDeterministicFillUninitializedMemory(false);  // costs a pass over memory and changes no result of ours
}

}  // namespace tlaunch
