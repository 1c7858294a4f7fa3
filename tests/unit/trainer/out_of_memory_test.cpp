// The messages that mean a lack of memory.
#include "trainer/memory/out_of_memory.h"

#include <c10/util/Exception.h>
#include <gtest/gtest.h>

#include <new>
#include <stdexcept>

namespace tlaunch {
namespace {

bool torch_error_means_memory(const std::string& text) {
  try {
    TORCH_CHECK(false, text);
  } catch (const c10::Error& error) {
    return is_out_of_memory(error);
  }
  return false;
}

TEST(OutOfMemoryText, OfEveryLibraryIsKnown) {
  for (const char* text : {
           "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 12.00 GiB",
           "CUDA error: out of memory",
           "[enforce fail at alloc_cpu.cpp:121] DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 "
           "bytes",
           "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
           "CUDA error: CUBLAS_STATUS_NOT_INITIALIZED when calling `cublasCreate(handle)`",
           "cusolver error: CUSOLVER_STATUS_ALLOC_FAILED, when calling `cusolverDnSgetrf(handle)`",
           "cusolver error: CUSOLVER_STATUS_NOT_INITIALIZED, when calling `cusolverDnCreate(handle)`",
           "cuFFT error: CUFFT_ALLOC_FAILED",
           "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
           "cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED",
           "cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED",
           "GET was unable to find an engine to execute this computation",
           "FIND was unable to find an engine to execute this computation",
           "NCCL error: unhandled cuda error, Cuda failure 2 'out of memory'",
       })
    EXPECT_TRUE(torch_error_means_memory(text)) << text;
}

TEST(OutOfMemoryText, OfOtherFailuresIsNotTakenForIt) {
  for (const char* text : {
           "CUDA error: an illegal memory access was encountered",
           "CUDA error: CUBLAS_STATUS_EXECUTION_FAILED when calling `cublasSgemm(handle)`",
           "CUDA error: CUBLAS_STATUS_NOT_INITIALIZED when calling `cublasSgemm(handle)`",
           "cuDNN error: CUDNN_STATUS_BAD_PARAM",
           "cuDNN error: CUDNN_STATUS_NOT_SUPPORTED_ARCH_MISMATCH",
           "mat1 and mat2 shapes cannot be multiplied (64x10 and 20x64)",
       })
    EXPECT_FALSE(torch_error_means_memory(text)) << text;
}

TEST(OutOfMemoryText, TypesSpeakForThemselves) {
  EXPECT_TRUE(is_out_of_memory(std::bad_alloc()));
  EXPECT_TRUE(is_out_of_memory(OutOfMemory("no more")));
  EXPECT_TRUE(is_out_of_memory(std::runtime_error("could not create a primitive"))) << "oneDNN";
  EXPECT_FALSE(is_out_of_memory(std::runtime_error("could not create a primitive descriptor")));
}

}  // namespace
}  // namespace tlaunch
