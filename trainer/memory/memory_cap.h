// Holds this process to its share of memory, in trials and in training alike: WSL2 and the CPU do not refuse by
// themselves, the one spills and the other kills.
#pragma once

#include <torch/types.h>

#include <cstdint>

namespace tlaunch {

// From here on this process may have `budget_bytes` at most: of reserved card memory on CUDA (the caching allocator's
// fraction), of resident memory on the CPU (RLIMIT_DATA, set so far above what is in use now). An allocation beyond it
// fails with an exception (trainer/memory/out_of_memory.h). 0: no cap. Call once, after the device was selected.
void cap_memory(const torch::Device& device, std::uint64_t budget_bytes);

}  // namespace tlaunch
