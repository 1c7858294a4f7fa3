#include "trainer/memory/out_of_memory.h"

#include <c10/util/Exception.h>

#include <new>
#include <string>

namespace tlaunch {
namespace {

// Parts of the messages with which libraries report it.
constexpr const char* signs[] = {
    "can't allocate memory",  // c10/core/impl/alloc_cpu.cpp: "DefaultCPUAllocator: can't allocate memory: you ..."
    "out of memory",          // CUDA and NCCL
    "ALLOC_FAILED",           // CUBLAS_STATUS_, CUSOLVER_STATUS_, CUFFT_...
    "ALLOCATION_FAILED",      // cuDNN 9: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED, ..._HOST_...
    // A convolution for which no algorithm found its workspace. A type that the card does not convolve has this message
    // too, but such a setting is refused earlier (launcher/job/capability.h).
    "unable to find an engine to execute this computation",
    // The handles of these libraries take memory too.
    "CUBLAS_STATUS_NOT_INITIALIZED when calling `cublasCreate",
    "CUSOLVER_STATUS_NOT_INITIALIZED, when calling `cusolverDnCreate"};

}  // namespace

bool is_out_of_memory(const std::exception& error) {
  if (dynamic_cast<const OutOfMemory*>(&error)) return true;
  if (dynamic_cast<const c10::OutOfMemoryError*>(&error) || dynamic_cast<const std::bad_alloc*>(&error)) return true;
  const auto* torch_error = dynamic_cast<const c10::Error*>(&error);  // its what() carries a backtrace
  const std::string text = torch_error ? torch_error->what_without_backtrace() : error.what();
  for (const auto* sign : signs)
    if (text.find(sign) != std::string::npos) return true;
  // oneDNN (dnnl::error, whose type is not exported) reports no more than this, for a primitive whose descriptor it has
  // accepted before.
  return text == "could not create a primitive" || text == "could not execute a primitive";
}

}  // namespace tlaunch
