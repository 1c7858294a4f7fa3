// NCCL behind one function: nccl.cpp if LibTorch has it, nccl_absent.cpp if not.
#pragma once

#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>

#include <chrono>

namespace tlaunch {

// `timeout`: the time after which NCCL's watchdog ends the process. Throws UsageError if this LibTorch has no NCCL.
c10::intrusive_ptr<c10d::Backend> make_nccl(const c10::intrusive_ptr<c10d::Store>& store, int rank, int size,
                                            std::chrono::milliseconds timeout);

}  // namespace tlaunch
