// Any bytes as a checkpoint: a DataError or a file whose tensors fit, never a crash.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>

#include "checkpoint/safetensors.h"
#include "core/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const int fd = ::memfd_create("fuzz", MFD_CLOEXEC);
  static const std::string path = "/proc/self/fd/" + std::to_string(fd);
  if (::ftruncate(fd, static_cast<off_t>(size)) != 0) std::abort();
  if (::pwrite(fd, data, size, 0) != static_cast<ssize_t>(size)) std::abort();
  try {
    const tlaunch::SafetensorsFile file(path);
    std::uint64_t data_bytes = 0;
    for (const tlaunch::TensorView& tensor : file.tensors()) {
      std::uint64_t bytes = tlaunch::dtype_bytes(tensor.dtype);
      for (const std::int64_t dimension : tensor.shape) bytes *= static_cast<std::uint64_t>(dimension);
      if (bytes != tensor.data.size() || file.find(tensor.name) != &tensor) std::abort();
      data_bytes += bytes;
    }
    if (data_bytes > size) std::abort();
    file.verify();
  } catch (const tlaunch::DataError&) {
  }
  return 0;
}
