// Any bytes as a checkpoint: a DataError or a file whose tensors fit, never a crash. Where the header has a checksum,
// the same once more with that checksum right, since a mutation would go no further than that.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>

#include "base/error.h"
#include "checkpoint/safetensors/safetensors.h"
#include "checkpoint/safetensors/safetensors_head.h"

namespace {

void read(std::string_view bytes) {
  static const int fd = ::memfd_create("fuzz", MFD_CLOEXEC);
  static const std::string path = "/proc/self/fd/" + std::to_string(fd);
  if (::ftruncate(fd, static_cast<off_t>(bytes.size())) != 0) std::abort();
  if (::pwrite(fd, bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) std::abort();
  try {
    const tlaunch::SafetensorsFile file(path);
    std::uint64_t data_bytes = 0;
    for (const tlaunch::TensorView& tensor : file.tensors()) {
      std::uint64_t tensor_bytes = tlaunch::dtype_bytes(tensor.dtype);
      for (const std::int64_t dimension : tensor.shape) tensor_bytes *= static_cast<std::uint64_t>(dimension);
      if (tensor_bytes != tensor.data.size() || file.find(tensor.name) != &tensor) std::abort();
      data_bytes += tensor_bytes;
    }
    if (data_bytes > bytes.size()) std::abort();
    file.verify();
  } catch (const tlaunch::DataError&) {
  }
}

// "" where there is no whole header with a checksum.
std::string with_right_sum(std::string bytes) {
  try {
    const std::uint64_t length = tlaunch::parse_header_length(bytes, bytes.size(), "fuzz");
    const std::string_view head = std::string_view(bytes).substr(0, tlaunch::length_bytes + length);
    const std::string mark = '"' + std::string(tlaunch::header_crc_key) + "\":\"";
    const std::size_t found = head.find(mark);
    if (found == std::string_view::npos || found + mark.size() + 8 > head.size()) return "";
    const std::size_t digits_at = found + mark.size();
    return bytes.replace(digits_at, 8, tlaunch::head_crc(head, digits_at));
  } catch (const tlaunch::DataError&) {
    return "";
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  read(bytes);
  if (const std::string right = with_right_sum(std::string(bytes)); !right.empty() && right != bytes) read(right);
  return 0;
}
