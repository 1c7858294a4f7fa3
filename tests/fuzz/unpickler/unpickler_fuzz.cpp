// Any bytes as the pickle of a state_dict: a DataError, or tensors that lie within their storages, never a crash.
#include <cstdlib>

#include "checkpoint/safetensors.h"
#include "checkpoint/unpickler.h"
#include "core/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto found = tlaunch::unpickle_state_dict({reinterpret_cast<const char*>(data), size}, "fuzz");
    for (const tlaunch::PickledTensor& tensor : found.tensors) {
      if (tlaunch::dtype_bytes(tensor.dtype) == 0 || tensor.shape.size() != tensor.strides.size()) std::abort();
      unsigned __int128 last = tensor.offset;
      bool empty = false;
      for (std::size_t i = 0; i < tensor.shape.size(); ++i) {
        if (tensor.shape[i] < 0 || tensor.strides[i] < 0) std::abort();
        empty = empty || tensor.shape[i] == 0;
        if (!empty)
          last +=
              static_cast<unsigned __int128>(tensor.shape[i] - 1) * static_cast<unsigned __int128>(tensor.strides[i]);
      }
      if (!empty && last >= tensor.storage_elements) std::abort();
    }
  } catch (const tlaunch::DataError&) {
  }
  return 0;
}
