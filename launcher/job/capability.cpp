#include "launcher/job/capability.h"

#include <cstdlib>

namespace tlaunch {
namespace {

struct Capability {
  int major = 0, minor = 0;
};

// "sm_75" -> 7.5, "sm_120" -> 12.0, "sm_90a" -> 9.0 (exactly that chip).
Capability capability_of(const std::string& architecture) {
  const std::size_t underscore = architecture.find('_');
  const int number = underscore == std::string::npos ? 0 : std::atoi(architecture.c_str() + underscore + 1);
  return {number / 10, number % 10};
}

bool runs_on(const std::string& architecture, const GpuInfo& gpu) {
  const Capability built = capability_of(architecture);
  if (architecture.starts_with("compute_"))
    return gpu.capability_major > built.major ||
           (gpu.capability_major == built.major && gpu.capability_minor >= built.minor);
  return gpu.capability_major == built.major && gpu.capability_minor >= built.minor;
}

}  // namespace

std::optional<std::string> capability_problem(const std::vector<GpuInfo>& gpus, const WorkerDescription& worker) {
  if (gpus.empty()) return std::nullopt;
  if (worker.cuda_version.empty())
    return "the worker's LibTorch " + worker.torch_version + " has no CUDA, but --nproc asks for GPUs (" +
           gpus.front().name + "); hide them (CUDA_VISIBLE_DEVICES=) to train on the CPU, or rebuild against a " +
           "LibTorch with CUDA: cmake -DTLAUNCH_TORCH=PATH";
  if (worker.cuda_architectures.empty()) return std::nullopt;  // not told: the first kernel will
  for (const GpuInfo& gpu : gpus) {
    bool runs = false;
    std::string built_for;
    for (const std::string& architecture : worker.cuda_architectures) {
      runs = runs || runs_on(architecture, gpu);
      built_for += (built_for.empty() ? "" : " ") + architecture;
    }
    if (!runs)
      return gpu.name + " has compute capability " + std::to_string(gpu.capability_major) + "." +
             std::to_string(gpu.capability_minor) + ", but the worker's LibTorch " + worker.torch_version +
             " is built for " + built_for +
             "; rebuild against a LibTorch that supports this card (the cu126 build of " +
             "the same version reaches back to 5.0): cmake -DTLAUNCH_TORCH=PATH, or leave the card out with "
             "CUDA_VISIBLE_DEVICES";
  }
  return std::nullopt;
}

}  // namespace tlaunch
