// Reads the tensors of a Python state_dict from the pickle in a file of torch.save. Uses an allow-list: the pickle may
// build dicts, lists, tuples, scalars and strings, and may refer to the names that torch.load(weights_only=True) allows
// (pickle_globals.h). Any other name is refused, and the error says which. No code of the pickle is ever run or looked
// up. Pure; protocols 2 to 5.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tlaunch {

inline constexpr std::uint64_t max_pickle_bytes = 16u << 20;   // about 100,000 tensors
inline constexpr std::uint64_t max_pickle_values = 4'000'000;  // pushed on its stack; a tensor takes about twelve
inline constexpr std::size_t max_tensor_dimensions = 64;       // the limit of PyTorch's kernels

// A tensor as the pickle describes it: a part of a storage. Offset, shape and strides count elements and are not
// negative. They are within the size that the pickle gives for the storage; the file's own record was not checked.
struct PickledTensor {
  std::string name;
  std::string dtype;    // as in checkpoint/safetensors/safetensors.h
  std::string storage;  // key; its record is ARCHIVE/data/<storage>
  std::uint64_t storage_bytes = 0;
  std::uint64_t offset = 0;
  std::vector<std::int64_t> shape, strides;
};

struct PickledStateDict {
  std::vector<PickledTensor> tensors;                   // by name
  std::string path;                                     // where they are in the file, as in weights_choice.h
  std::vector<std::string> left_out;                    // as in weights_choice.h
  std::uint64_t bytes = 0;                              // size of the pickle; more may follow it
  std::map<std::string, std::uint64_t> storage_widths;  // bytes per element of all storages, by key
};

// The tensors of the dict that `path` leads to, or that choose_weights() chooses. The messages of its DataErrors and
// UsageErrors begin with `where`: "FILE: data.pkl".
PickledStateDict unpickle_state_dict(std::string_view pickle, const std::string& where, const std::string& path = "");

}  // namespace tlaunch
