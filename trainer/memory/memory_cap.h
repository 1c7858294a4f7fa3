// Limits this process to its share of memory, in trials and in training. WSL2 and the CPU do not refuse an allocation
// by themselves: WSL2 spills, and on the CPU the process is killed.
#pragma once

#include <torch/types.h>

#include <cstdint>

namespace tlaunch {

// From now on this process may use at most `budget_bytes`: of reserved card memory on CUDA (the caching allocator's
// fraction), of resident memory on the CPU (RLIMIT_DATA, the data in use now plus the rest of the budget). An
// allocation beyond it fails with an exception (trainer/memory/out_of_memory.h). 0: no cap. Call once, after the device
// was selected.
void cap_memory(const torch::Device& device, std::uint64_t budget_bytes);

}  // namespace tlaunch
