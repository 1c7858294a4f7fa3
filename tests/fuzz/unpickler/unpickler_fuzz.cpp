// Any bytes as the pickle of a state_dict: an Error, or tensors that lie within their storages, never a crash. One
// that is taken is read once more out of an archive with such storages: all of its elements are within the file. The
// bytes are a file of the older form as well.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <map>

#include "base/error.h"
#include "checkpoint/safetensors/safetensors.h"
#include "checkpoint/torch_file/stored_zip.h"
#include "checkpoint/torch_file/torch_file.h"
#include "checkpoint/torch_file/torch_legacy.h"
#include "checkpoint/torch_file/unpickler.h"

namespace {

using tlaunch::PickledTensor;

constexpr std::uint64_t most_storage_bytes = 4096;

void check_bounds(const PickledTensor& tensor) {
  if (tlaunch::dtype_bytes(tensor.dtype) == 0 || tensor.shape.size() != tensor.strides.size()) std::abort();
  unsigned __int128 last = tensor.offset;
  bool empty = false;
  for (std::size_t i = 0; i < tensor.shape.size(); ++i) {
    if (tensor.shape[i] < 0 || tensor.strides[i] < 0) std::abort();
    empty = empty || tensor.shape[i] == 0;
    if (!empty)
      last += static_cast<unsigned __int128>(tensor.shape[i] - 1) * static_cast<unsigned __int128>(tensor.strides[i]);
  }
  if (!empty && last >= tensor.storage_bytes / tlaunch::dtype_bytes(tensor.dtype)) std::abort();
}

void read_archive(std::string_view pickle, const std::vector<PickledTensor>& tensors) {
  static const int fd = ::memfd_create("fuzz", MFD_CLOEXEC);
  static const std::string path = "/proc/self/fd/" + std::to_string(fd);
  static const std::vector<std::byte> zeros(most_storage_bytes);
  std::map<std::string, std::uint64_t> storage_bytes;  // the first that names a storage says how large it is
  for (const PickledTensor& tensor : tensors)
    storage_bytes.emplace("a/data/" + tensor.storage, std::min(tensor.storage_bytes, most_storage_bytes));
  std::vector<tlaunch::ZipInput> inputs = {{"a/data.pkl", std::as_bytes(std::span(pickle))}};
  for (const auto& [name, bytes] : storage_bytes) inputs.push_back({name, std::span(zeros).first(bytes)});
  if (::ftruncate(fd, 0) != 0 || ::lseek(fd, 0, SEEK_SET) != 0) std::abort();
  tlaunch::write_zip(
      [](std::span<const std::byte> bytes) {
        if (::write(fd, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) std::abort();
      },
      inputs);
  const tlaunch::TorchFile file(path);
  for (const tlaunch::TensorView& tensor : file.tensors()) {
    std::uint64_t bytes = tlaunch::dtype_bytes(tensor.dtype);
    for (const std::int64_t dimension : tensor.shape) bytes *= static_cast<std::uint64_t>(dimension);
    if (bytes != tensor.data.size()) std::abort();
    for (const std::byte byte : tensor.data)
      if (byte != std::byte{0}) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view pickle(reinterpret_cast<const char*>(data), size);
  try {
    const auto found = tlaunch::unpickle_state_dict(pickle, "fuzz");
    for (const PickledTensor& tensor : found.tensors) check_bounds(tensor);
    read_archive(pickle, found.tensors);
  } catch (const tlaunch::Error&) {
  }
  try {
    const auto file = tlaunch::read_legacy(std::as_bytes(std::span(pickle)), "fuzz", "");
    for (const auto& [key, bytes] : file.storages)
      if (bytes.size() > size || (!bytes.empty() && bytes.data() < reinterpret_cast<const std::byte*>(data)))
        std::abort();
  } catch (const tlaunch::Error&) {
  }
  return 0;
}
