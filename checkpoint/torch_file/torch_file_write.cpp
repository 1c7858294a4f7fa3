#include <algorithm>

#include "checkpoint/torch_file/pickle_opcodes.h"
#include "checkpoint/torch_file/stored_zip.h"
#include "checkpoint/torch_file/torch_dtypes.h"
#include "checkpoint/torch_file/torch_file.h"

namespace tlaunch {
namespace {

// Writes protocol 2, torch.save's default.
class PickleWriter {
 public:
  std::string text;

  void op(unsigned char code) { text += static_cast<char>(code); }
  void number(std::uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 0xff);
  }
  void integer(std::int64_t value) {  // not negative
    if (value < 256) return op(opcode::bin_int1), number(static_cast<std::uint64_t>(value), 1);
    if (value <= INT32_MAX) return op(opcode::bin_int), number(static_cast<std::uint64_t>(value), 4);
    op(opcode::long1), number(8, 1), number(static_cast<std::uint64_t>(value), 8);
  }
  void unicode(const std::string& value) {
    op(opcode::bin_unicode), number(value.size(), 4);
    text += value;
  }
  void counts(const std::vector<std::int64_t>& values) {
    op(opcode::mark);
    for (const std::int64_t value : values) integer(value);
    op(opcode::tuple);
  }
  void global(const std::string& module, const std::string& name) {
    op(opcode::global);
    text += module + "\n" + name + "\n";
  }
};

std::vector<std::int64_t> row_major(const std::vector<std::int64_t>& shape) {
  std::vector<std::int64_t> strides(shape.size(), 1);
  for (std::size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * std::max<std::int64_t>(shape[i], 1);
  return strides;
}

}  // namespace

std::string state_dict_pickle(const std::vector<TensorView>& tensors) {
  PickleWriter pickle;
  pickle.op(opcode::proto), pickle.number(2, 1);
  pickle.op(opcode::empty_dict);
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const TensorView& tensor = tensors[i];
    std::int64_t elements = 1;
    for (const std::int64_t dimension : tensor.shape) elements *= dimension;
    const std::string storage =
        torch_storage(tensor.dtype);  // "": a storage of bytes, so the pickle also has the dtype
    pickle.unicode(tensor.name);
    pickle.global("torch._utils", storage.empty() ? "_rebuild_tensor_v3" : "_rebuild_tensor_v2");
    pickle.op(opcode::mark);
    pickle.op(opcode::mark);  // ("storage", type, key, device, elements)
    pickle.unicode("storage");
    pickle.global(storage.empty() ? "torch.storage" : "torch", storage.empty() ? "UntypedStorage" : storage);
    pickle.unicode(std::to_string(i));
    pickle.unicode("cpu");
    pickle.integer(storage.empty() ? static_cast<std::int64_t>(tensor.data.size()) : elements);
    pickle.op(opcode::tuple), pickle.op(opcode::bin_pers_id);
    pickle.integer(0);
    pickle.counts(tensor.shape);
    pickle.counts(row_major(tensor.shape));
    pickle.op(opcode::new_false);                 // requires_grad
    pickle.global("collections", "OrderedDict");  // hooks: none
    pickle.op(opcode::empty_tuple), pickle.op(opcode::reduce);
    if (storage.empty()) pickle.global("torch", torch_dtype(tensor.dtype));
    pickle.op(opcode::tuple), pickle.op(opcode::reduce);
    pickle.op(opcode::set_item);
  }
  pickle.op(opcode::stop);
  return std::move(pickle.text);
}

void write_torch(const std::string& path, const std::vector<TensorView>& tensors) {
  static constexpr std::string_view order = "little", version = "3\n";  // as torch.save writes
  const std::string pickle = state_dict_pickle(tensors);
  const auto bytes = [](std::string_view text) { return std::as_bytes(std::span(text)); };
  std::vector<ZipInput> records{{"archive/data.pkl", bytes(pickle)}, {"archive/byteorder", bytes(order)}};
  for (std::size_t i = 0; i < tensors.size(); ++i)
    records.push_back({"archive/data/" + std::to_string(i), tensors[i].data});
  records.push_back({"archive/version", bytes(version)});
  write_file_atomically(path, [&](const ByteSink& sink) { write_zip(sink, records); });
}

}  // namespace tlaunch
