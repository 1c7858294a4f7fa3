// Whether an exception means that memory ran out, on a card or in the process's own limit.
#pragma once

#include <exception>

namespace tlaunch {

// c10::OutOfMemoryError, std::bad_alloc, and the plain c10::Error by which LibTorch's CPU allocator tells the same.
bool is_out_of_memory(const std::exception& error);

}  // namespace tlaunch
