// What a pickle of torch.save may refer to by name: the list that torch.load(weights_only=True) allows by default.
// Nothing of it is imported or called; a role says what a call of it stands for. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tlaunch {

struct PickleGlobal {
  enum class Role : std::uint8_t {
    ordered_dict,
    counter,
    size,
    storage,  // the class of one
    dtype,
    rebuild_tensor,     // (storage, offset, shape, strides), and in v2 (requires_grad, hooks[, metadata]) after them
    rebuild_tensor_v3,  // (storage, offset, shape, strides, requires_grad, hooks, dtype[, metadata])
    wrap_tensor,        // (tensor, ...) is that tensor: parameters
    rebuild_from_type,  // (function, class, arguments, state) is function(*arguments)
    unwritable_tensor,  // makes a tensor that safetensors cannot hold: a sparse one
    opaque,             // whatever it makes holds no weights
    constant            // cannot be called
  };
  std::string name;  // "torch.FloatStorage"
  Role role = Role::constant;
  std::string
      dtype;  // of a storage or the dtype itself, as in checkpoint/safetensors/safetensors.h; "" where that has none
  std::uint64_t width = 0;  // of a storage: bytes of an element
  std::string makes;        // what a call makes, or a tensor of this dtype is, for messages: "a torch.device"
};

// Its number; nothing where it is not allowed. Names of Python 2 (__builtin__) are those of Python 3.
std::optional<std::size_t> find_pickle_global(std::string_view module, std::string_view name);

const PickleGlobal& pickle_global(std::size_t number);

}  // namespace tlaunch
