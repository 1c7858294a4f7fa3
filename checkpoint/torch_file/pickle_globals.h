// The names that a pickle of torch.save may refer to: the list that torch.load(weights_only=True) allows by default.
// None of these is imported or called; a role says what a call would make. Pure.
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
    storage,  // the class of a storage
    dtype,
    rebuild_tensor,     // (storage, offset, shape, strides), and in v2 (requires_grad, hooks[, metadata]) after them
    rebuild_tensor_v3,  // (storage, offset, shape, strides, requires_grad, hooks, dtype[, metadata])
    wrap_tensor,        // (tensor, ...) is that tensor: parameters
    rebuild_from_type,  // (function, class, arguments, state) is function(*arguments)
    unwritable_tensor,  // makes a tensor that safetensors cannot hold, such as a sparse one
    opaque,             // makes something without weights
    constant            // cannot be called
  };
  std::string name;  // "torch.FloatStorage"
  Role role = Role::constant;
  std::string dtype;        // of the storage or the dtype itself, under safetensors' name; "" if safetensors has none
  std::uint64_t width = 0;  // of a storage: bytes per element
  std::string makes;        // for messages: what a call makes, or what a tensor of this dtype is: "a torch.device"
};

// The number of an allowed name, for pickle_global(); nothing if it is not allowed. Python 2's __builtin__ counts as
// Python 3's builtins.
std::optional<std::size_t> find_pickle_global(std::string_view module, std::string_view name);

const PickleGlobal& pickle_global(std::size_t number);

}  // namespace tlaunch
