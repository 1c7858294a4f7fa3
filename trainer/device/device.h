// The differences between CUDA and the CPU, behind plain functions: device_cuda.cpp if LibTorch has CUDA,
// device_cpu.cpp if not. All of them are cheap and may be called for a CPU device.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "config/run_config.h"

namespace tlaunch {

int cuda_device_count();     // 0 without CUDA, driver or card
std::string cuda_problem();  // why that is 0, in LibTorch's words: one line, no full stop
std::string cuda_version();  // of this build: "13.0"; "" without CUDA
// "sm_75", ...: the architectures that this LibTorch has kernels for. Empty without CUDA, and without a card, because
// LibTorch reports them only with one.
std::vector<std::string> cuda_architectures();
void select_device(const torch::Device&);  // makes it the current one and initialises it
void synchronize(const torch::Device&);    // waits for its kernels; nothing on the CPU
void empty_cache(const torch::Device&);    // gives cached blocks back to the card; nothing on the CPU
// Sets TF32, cudnn.benchmark, deterministic algorithms and the number of threads as in the config. For deterministic
// runs it also sets CUBLAS_WORKSPACE_CONFIG, which cuBLAS needs before its first call. Call before any work on the
// device.
void apply_flags(const RunConfig&);

// Peak memory since the last reset: reserved bytes of the caching allocator on CUDA, peak resident set (VmHWM) on the
// CPU.
std::uint64_t peak_bytes(const torch::Device&);
void reset_peak(const torch::Device&);
std::uint64_t used_bytes(const torch::Device&);  // the same measure, now
// Limits the caching allocator on CUDA: an allocation beyond the limit fails as if the card were full.
void cap_device_memory(const torch::Device&, std::uint64_t budget_bytes);

inline const char* kind_of(const torch::Device& device) { return device.is_cuda() ? "cuda" : "cpu"; }
std::string device_uuid(const torch::Device&);  // "GPU-...", as NVML names it; "" for the CPU

torch::Tensor generator_state(const torch::Device&);  // RNG state as uint8 tensor on the CPU
void set_generator_state(const torch::Device&, const torch::Tensor&);

}  // namespace tlaunch
