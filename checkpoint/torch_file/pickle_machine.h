// Runs the opcodes of a pickle on values that cannot execute anything. All containers are in one table and are referred
// to by their index, so depth, sharing and cycles cost no more memory than the bytes that made them. Pure.
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
    other,  // a value that the weights do not need (a float, bytes, a set, a huge integer)
    text,   // at: where it begins in the pickle; size: its bytes
    tuple,
    list,
    dict,  // tuple, list, dict: at is the index in `containers`
    storage,
    tensor,  // storage, tensor: at is the index in `storages` or `tensors`
    global,  // at: its number in checkpoint/torch_file/pickle_globals.h
    object   // at: the number of the global that made it, or of its dtype; it cannot be written
  };
  Kind kind = Kind::none;
  std::uint32_t size = 0;
  std::int64_t at = 0;  // for an integer or boolean: the value
};

std::string kind_name(const PickleValue& value);  // "an integer", "a torch.device"

// Whether the value is a tensor that safetensors cannot hold: sparse, quantized, of a dtype that safetensors lacks.
bool is_unwritable_tensor(const PickleValue& value);

struct PickleStorage {
  PickleValue key;       // a text
  std::size_t type = 0;  // the number of a global
  std::uint64_t bytes = 0;
  std::uint64_t view_at = 0;  // in files of old PyTorch versions: the element of the stored storage where it begins
};

struct PickleTensor {
  std::size_t storage = 0;
  std::string dtype;  // as in checkpoint/safetensors/safetensors.h
  std::int64_t offset = 0;
  PickleValue shape, strides;  // tuples
};

struct Unpickled {
  PickleValue result;
  std::vector<std::vector<PickleValue>>
      containers;  // a dict is key, value, key, value, ...; of equal keys the last counts
  std::vector<PickleStorage> storages;
  std::vector<PickleTensor> tensors;
  std::uint64_t bytes = 0;  // size of the pickle; more may follow it
};

// Throws DataError whose message begins with `where`.
Unpickled run_pickle(std::string_view pickle, const std::string& where);

}  // namespace tlaunch
