// Whether an exception means that memory ran out, on a card or in the process's own limit.
#pragma once

#include <exception>

#include "base/error.h"

namespace tlaunch {

// Memory ran out and there is no way to go on.
struct OutOfMemory : Error {
  explicit OutOfMemory(const std::string& message) : Error(exit_code::failure, message) {}
};

// OutOfMemory, c10::OutOfMemoryError, std::bad_alloc, and the plain c10::Error by which LibTorch's CPU allocator,
// oneDNN and CUDA's libraries tell the same.
bool is_out_of_memory(const std::exception& error);

}  // namespace tlaunch
