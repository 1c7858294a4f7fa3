// The tensors of a Python state_dict out of the pickle in a file of torch.save. An allow-list: the pickle may build
// dicts, lists, tuples, scalars and texts, and name what torch.load(weights_only=True) takes (pickle_globals.h);
// whatever else it refers to is refused by name. Nothing of it is ever run or looked up. Pure; protocols 2 to 5.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tlaunch {

inline constexpr std::uint64_t max_pickle_bytes = 16u << 20;   // some 100,000 tensors
inline constexpr std::uint64_t max_pickle_values = 4'000'000;  // put on its stack; a tensor takes about twelve
inline constexpr std::size_t max_tensor_dimensions = 64;       // as many as PyTorch's kernels take

// A tensor as the pickle describes it: a part of a storage. Offset, shape and strides count elements and are not
// negative; whether they lie within the storage has been checked, what the file holds of it has not.
struct PickledTensor {
  std::string name;
  std::string dtype;    // as in checkpoint/safetensors/safetensors.h
  std::string storage;  // its record is ARCHIVE/data/<storage>
  std::uint64_t storage_bytes = 0;
  std::uint64_t offset = 0;
  std::vector<std::int64_t> shape, strides;
};

struct PickledStateDict {
  std::vector<PickledTensor> tensors;  // by name
  std::string path;  // where in the file, and what is not taken: as in checkpoint/torch_file/weights_choice.h
  std::vector<std::string> left_out;
  std::uint64_t bytes = 0;                              // of the pickle, which more can follow
  std::map<std::string, std::uint64_t> storage_widths;  // bytes of an element, of all storages, by key
};

// The tensors of the dict that `path` leads to, or that choose_weights() takes for the weights. `where` begins the
// messages of the DataErrors and UsageErrors: "FILE: data.pkl".
PickledStateDict unpickle_state_dict(std::string_view pickle, const std::string& where, const std::string& path = "");

}  // namespace tlaunch
