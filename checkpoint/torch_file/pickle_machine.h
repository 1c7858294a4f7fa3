// Runs the opcodes of a pickle on values that cannot do anything. Containers lie in one table and are referred to by
// their place in it, so neither depth nor sharing nor cycles cost more than the bytes that made them. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tlaunch {

struct PickleValue {
  enum class Kind : std::uint8_t {
    none,
    boolean,
    integer,
    other,  // other: a scalar of no interest here (a float, bytes, a set, a huge integer)
    text,   // at[0, size) of the pickle
    tuple,
    list,
    dict,  // at: place in `containers`
    storage,
    tensor,  // at: place in `storages`, `tensors`
    global,  // at: its number in checkpoint/torch_file/pickle_globals.h
    object   // at: the number of what made it, or of its dtype; nothing that can be written
  };
  Kind kind = Kind::none;
  std::uint32_t size = 0;
  std::int64_t at = 0;  // of an integer or boolean: the value
};

std::string kind_name(const PickleValue& value);  // "an integer", "a torch.device"

// Whether it is an object that is a tensor all the same: sparse, quantized, of a dtype that safetensors has not.
bool is_unwritable_tensor(const PickleValue& value);

struct PickleStorage {
  PickleValue key;       // a text
  std::size_t type = 0;  // a global
  std::uint64_t bytes = 0;
  std::uint64_t view_at = 0;  // in files of old PyTorch versions: the element of the stored one that it begins at
};

struct PickleTensor {
  std::size_t storage = 0;
  std::string dtype;  // as in checkpoint/safetensors/safetensors.h
  std::int64_t offset = 0;
  PickleValue shape, strides;  // tuples
};

struct Unpickled {
  PickleValue result;
  std::vector<std::vector<PickleValue>> containers;  // a dict's are key, value, key, value; the last of a key holds
  std::vector<PickleStorage> storages;
  std::vector<PickleTensor> tensors;
  std::uint64_t bytes = 0;  // of the pickle, which more can follow
};

// Throws DataError beginning with `where`.
Unpickled run_pickle(std::string_view pickle, const std::string& where);

}  // namespace tlaunch
