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

// The number before the first dot; 0 where there is none.
int major_of(const std::string& version) { return std::atoi(version.c_str()); }

// The oldest driver branch for a CUDA version, as NVIDIA's release notes say (minor version compatibility); 0: unknown.
int least_driver(const std::string& cuda_version) {
  switch (major_of(cuda_version)) {
    case 11: return 450;
    case 12: return 525;
    case 13: return 580;
    default: return 0;
  }
}

// The driver's management library sees the card, CUDA does not.
std::string cuda_does_not_start(const GpuInfo& gpu, const WorkerDescription& worker,
                                const std::string& driver_version) {
  const int least = least_driver(worker.cuda_version);
  const std::string text = "the driver sees " + gpu.name + ", but CUDA does not start in the worker (LibTorch " +
                           worker.torch_version + ", CUDA " + worker.cuda_version + "): ";
  const std::string driver = "driver " + (driver_version.empty() ? "(version unknown)" : driver_version);
  const std::string need = "CUDA " + worker.cuda_version + " needs " + std::to_string(least) + " or newer";
  const std::string on_cpu = "hide the GPUs (CUDA_VISIBLE_DEVICES=) to train on the CPU";
  if (least > 0 && !driver_version.empty() && major_of(driver_version) < least)
    return text + driver + " is too old, " + need + "; update the driver, or rebuild against a LibTorch for an older " +
           "CUDA (cmake -DTLAUNCH_TORCH=PATH), or " + on_cpu;
  return text + driver + (least > 0 ? ", " + need : "") +
         "; in a container NVIDIA_DRIVER_CAPABILITIES must name compute (compute,utility), and CUDA's libcuda.so.1 " +
         "must be found; `tlaunch-worker describe --json` shows CUDA's own words; " + on_cpu;
}

}  // namespace

std::optional<std::string> capability_problem(const std::vector<GpuInfo>& gpus, const WorkerDescription& worker,
                                              const std::string& driver_version) {
  if (gpus.empty()) return std::nullopt;
  if (worker.cuda_version.empty())
    return "the worker's LibTorch " + worker.torch_version + " has no CUDA, but --nproc asks for GPUs (" +
           gpus.front().name + "); hide them (CUDA_VISIBLE_DEVICES=) to train on the CPU, or rebuild against a " +
           "LibTorch with CUDA: cmake -DTLAUNCH_TORCH=PATH";
  if (worker.cuda_architectures.empty()) return cuda_does_not_start(gpus.front(), worker, driver_version);
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
