// Whether an exception means that memory ran out, on a card or in the process's own limit.
#pragma once

#include <exception>

#include "base/error.h"

namespace tlaunch {

// Memory ran out and the run cannot continue.
struct OutOfMemory : Error {
  explicit OutOfMemory(const std::string& message) : Error(exit_code::failure, message) {}
};

// True for OutOfMemory, c10::OutOfMemoryError, std::bad_alloc, and for other exceptions whose text shows that
// LibTorch's CPU allocator, oneDNN or a CUDA library ran out of memory.
bool is_out_of_memory(const std::exception& error);

}  // namespace tlaunch
