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
    none, boolean, integer, other,  // other: a scalar of no interest here (a float, bytes, a set, a huge integer)
    text,                           // at[0, size) of the pickle
    tuple, list, dict,              // at: place in `containers`
    storage, tensor,                // at: place in `storages`, `tensors`
    storage_type,                   // at, size: its name in the pickle
    ordered_dict_type, rebuild_tensor, rebuild_parameter
  };
  Kind kind = Kind::none;
  std::uint32_t size = 0;
  std::int64_t at = 0;  // of an integer or boolean: the value
};

const char* kind_name(PickleValue::Kind kind);  // "an integer"

struct PickleStorage {
  PickleValue type, key;  // storage_type and text
  std::uint64_t elements = 0;
};

struct PickleTensor {
  std::size_t storage = 0;
  std::int64_t offset = 0;
  PickleValue shape, strides;  // tuples
};

struct Unpickled {
  PickleValue result;
  std::vector<std::vector<PickleValue>> containers;  // a dict's are key, value, key, value; the last of a key holds
  std::vector<PickleStorage> storages;
  std::vector<PickleTensor> tensors;
};

// Throws DataError beginning with `where`.
Unpickled run_pickle(std::string_view pickle, const std::string& where);

}  // namespace tlaunch
