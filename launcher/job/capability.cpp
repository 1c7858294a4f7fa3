#include "launcher/job/capability.h"

#include <algorithm>
#include <cstdlib>

#include "base/text.h"

namespace tlaunch {
namespace {

struct Capability {
  int major = 0, minor = 0;
};

// "sm_75" -> 7.5, "sm_120" -> 12.0, "sm_90a" -> 9.0 (only that chip).
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

// The number before the first dot; 0 if there is none.
int major_of(const std::string& version) { return std::atoi(version.c_str()); }

// The oldest driver branch for a CUDA version, from NVIDIA's release notes (minor version compatibility); 0: unknown.
int least_driver(const std::string& cuda_version) {
  switch (major_of(cuda_version)) {
    case 11: return 450;
    case 12: return 525;
    case 13: return 580;
    default: return 0;
  }
}

// The driver's management library sees the card, but CUDA does not.
std::string cuda_does_not_start(const GpuInfo& gpu, const WorkerDescription& worker,
                                const std::string& driver_version) {
  const int least = least_driver(worker.cuda_version);
  const std::string text =
      format_text("the driver sees {}, but CUDA does not start in the worker (LibTorch {}, CUDA {})", gpu.name,
                  worker.torch_version, worker.cuda_version);
  const std::string driver = driver_version.empty() ? "driver (version unknown)" : "driver " + driver_version;
  const std::string need = format_text("CUDA {} needs {} or newer", worker.cuda_version, least);
  const std::string on_cpu = "hide the GPUs (CUDA_VISIBLE_DEVICES=) to train on the CPU";
  if (least > 0 && !driver_version.empty() && major_of(driver_version) < least)
    return format_text(
        "{}: {} is too old, {}; update the driver, or rebuild against a LibTorch for an older CUDA (cmake "
        "-DTLAUNCH_TORCH=PATH), or {}",
        text, driver, need, on_cpu);
  return format_text(
      "{}: {}{}. In a container NVIDIA_DRIVER_CAPABILITIES must include compute (compute,utility) and libcuda.so.1 "
      "must be found. `tlaunch-worker describe --json` shows CUDA's own message. Otherwise {}",
      text, driver, least > 0 ? ", " + need : "", on_cpu);
}

}  // namespace

std::optional<std::string> capability_problem(const std::vector<GpuInfo>& gpus, const WorkerDescription& worker,
                                              const std::string& driver_version) {
  if (gpus.empty()) return std::nullopt;
  if (worker.cuda_version.empty())
    return format_text(
        "the worker's LibTorch {} has no CUDA, but --nproc asks for GPUs ({}); hide them (CUDA_VISIBLE_DEVICES=) to "
        "train on the CPU, or rebuild against a LibTorch with CUDA: cmake -DTLAUNCH_TORCH=PATH",
        worker.torch_version, gpus.front().name);
  if (worker.cuda_architectures.empty()) return cuda_does_not_start(gpus.front(), worker, driver_version);
  for (const GpuInfo& gpu : gpus) {
    const auto& built_for = worker.cuda_architectures;
    if (std::any_of(built_for.begin(), built_for.end(), [&](const auto& one) { return runs_on(one, gpu); })) continue;
    return format_text(
        "{} has compute capability {}.{}, but the worker's LibTorch {} is built for {}; rebuild against a LibTorch "
        "that supports this card (the cu126 build of the same version supports 5.0 and newer): cmake "
        "-DTLAUNCH_TORCH=PATH, or leave the card out with CUDA_VISIBLE_DEVICES",
        gpu.name, gpu.capability_major, gpu.capability_minor, worker.torch_version, joined(built_for, " "));
  }
  return std::nullopt;
}

}  // namespace tlaunch
