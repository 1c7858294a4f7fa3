#include "checkpoint/torch_file/unpickler.h"

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "checkpoint/safetensors/safetensors.h"
#include "checkpoint/safetensors/safetensors_head.h"
#include "checkpoint/torch_file/pickle_globals.h"
#include "checkpoint/torch_file/pickle_machine.h"
#include "checkpoint/torch_file/weights_choice.h"

namespace tlaunch {
namespace {

using Kind = PickleValue::Kind;
bool is_utf8(const std::string& text) {
  try {
    return !Json(text).dump().empty();
  } catch (const Json::type_error&) {
    return false;
  }
}

class Extractor {
 public:
  Extractor(std::string_view pickle, const std::string& where)
      : pickle_(pickle), where_(where), unpickled_(run_pickle(pickle, where)) {}

  PickledStateDict state_dict(const std::string& path) {
    ChosenWeights weights = choose_weights(unpickled_, pickle_, path, where_);
    PickledStateDict found{{}, std::move(weights.path), std::move(weights.left_out), unpickled_.bytes, {}};
    for (const PickleStorage& storage : unpickled_.storages)
      found.storage_widths.emplace(text_of(storage.key), pickle_global(storage.type).width);
    for (const auto& [name, value] : weights.entries)
      if (value.kind == Kind::tensor) found.tensors.push_back(described(name, tensor_of(value)));
    return found;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const { throw DataError(where_ + ": " + what); }
  [[noreturn]] void fail_tensor(std::string_view name, const std::string& what) const {
    fail(format_text("tensor {} {}", shown(name), what));
  }

  std::string_view text_of(const PickleValue& value) const {
    return pickle_.substr(static_cast<std::size_t>(value.at), value.size);
  }
  const std::vector<PickleValue>& items_of(const PickleValue& value) const {
    return unpickled_.containers[static_cast<std::size_t>(value.at)];
  }
  const PickleTensor& tensor_of(const PickleValue& value) const {
    return unpickled_.tensors[static_cast<std::size_t>(value.at)];
  }

  std::vector<std::int64_t> counts(const PickleValue& tuple, const std::string& name) {
    const auto& items = items_of(tuple);
    if (items.size() > max_tensor_dimensions) fail_tensor(name, "has too many dimensions");
    counts_read_ += items.size();
    if (counts_read_ > max_pickle_values) fail("the tensors have too many dimensions in total");
    std::vector<std::int64_t> values;
    for (const PickleValue& item : items) {
      if (item.kind != Kind::integer || item.at < 0) fail_tensor(name, "has a shape or stride that is not a count");
      values.push_back(item.at);
    }
    return values;
  }

  PickledTensor described(std::string_view key, const PickleTensor& raw) {
    const PickleStorage& storage = unpickled_.storages[raw.storage];
    PickledTensor tensor;
    tensor.name = key;
    if (!is_utf8(tensor.name)) fail(format_text("a tensor's name is not valid UTF-8: {}", shown(key)));
    if (key == "__metadata__") fail("a tensor is named '__metadata__', which the safetensors format reserves");
    tensor.dtype = raw.dtype;
    tensor.storage = text_of(storage.key);
    tensor.storage_bytes = storage.bytes;
    tensor.shape = counts(raw.shape, tensor.name);
    tensor.strides = counts(raw.strides, tensor.name);
    if (raw.offset < 0) fail_tensor(key, "begins before its storage");
    if (__builtin_add_overflow(static_cast<std::uint64_t>(raw.offset), storage.view_at, &tensor.offset))
      fail_tensor(key, "begins beyond its storage");
    check_bounds(tensor);
    return tensor;
  }

  // The last element must be within the storage, and the size in bytes within 64 bits.
  void check_bounds(const PickledTensor& tensor) const {
    if (tensor.shape.size() != tensor.strides.size())
      fail_tensor(tensor.name, "does not have one stride per dimension");
    std::uint64_t last = tensor.offset, bytes = dtype_bytes(tensor.dtype);
    bool overflow = false, empty = false;
    for (std::size_t i = 0; i < tensor.shape.size(); ++i) {
      const auto size = static_cast<std::uint64_t>(tensor.shape[i]),
                 stride = static_cast<std::uint64_t>(tensor.strides[i]);
      empty = empty || size == 0;
      std::uint64_t reach = 0;
      overflow = overflow || __builtin_mul_overflow(bytes, size == 0 ? 1 : size, &bytes) ||
                 __builtin_mul_overflow(size == 0 ? 0 : size - 1, stride, &reach) ||
                 __builtin_add_overflow(last, reach, &last);
    }
    if (overflow || bytes > INT64_MAX) fail_tensor(tensor.name, "has an impossible shape");
    if (const std::uint64_t elements = tensor.storage_bytes / dtype_bytes(tensor.dtype); !empty && last >= elements)
      fail_tensor(tensor.name, format_text("reaches element {} of a storage of {}", last, elements));
  }

  std::string_view pickle_;
  const std::string& where_;
  Unpickled unpickled_;
  std::uint64_t counts_read_ = 0;
};

}  // namespace

PickledStateDict unpickle_state_dict(std::string_view pickle, const std::string& where, const std::string& path) {
  return Extractor(pickle, where).state_dict(path);
}

}  // namespace tlaunch
