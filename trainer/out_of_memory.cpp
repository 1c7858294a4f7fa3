#include "trainer/out_of_memory.h"

#include <c10/util/Exception.h>

#include <new>
#include <string>

namespace tlaunch {

bool is_out_of_memory(const std::exception& error) {
  if (dynamic_cast<const OutOfMemory*>(&error)) return true;
  if (dynamic_cast<const c10::OutOfMemoryError*>(&error) || dynamic_cast<const std::bad_alloc*>(&error)) return true;
  const auto* torch_error = dynamic_cast<const c10::Error*>(&error);  // its what() carries a backtrace
  const std::string text = torch_error ? torch_error->what_without_backtrace() : error.what();
  // c10/core/impl/alloc_cpu.cpp: "DefaultCPUAllocator: can't allocate memory: you tried to allocate N bytes";
  // cuBLAS's and cuDNN's workspaces: CUBLAS_STATUS_ALLOC_FAILED, CUDNN_STATUS_ALLOC_FAILED. oneDNN (dnnl::error, whose
  // type is not exported) says no more than the last two: of a primitive whose descriptor it has accepted before.
  for (const auto* sign : {"can't allocate memory", "out of memory", "STATUS_ALLOC_FAILED"})
    if (text.find(sign) != std::string::npos) return true;
  return text == "could not create a primitive" || text == "could not execute a primitive";
}

}  // namespace tlaunch
