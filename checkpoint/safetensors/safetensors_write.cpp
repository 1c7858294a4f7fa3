#include <algorithm>
#include <set>
#include <stdexcept>
#include <tuple>

#include "base/atomic_file.h"
#include "base/crc32c.h"
#include "base/text.h"
#include "checkpoint/safetensors/safetensors_head.h"

namespace tlaunch {
namespace {

void check(const TensorView& tensor) {
  const auto fail = [&](const std::string& what) {
    throw std::invalid_argument(format_text("tensor {}: {}", shown(tensor.name), what));
  };
  std::uint64_t bytes = dtype_bytes(tensor.dtype);
  if (bytes == 0) fail(format_text("unknown dtype {}", shown(tensor.dtype)));
  for (const std::int64_t dimension : tensor.shape)
    if (dimension < 0 || __builtin_mul_overflow(bytes, static_cast<std::uint64_t>(dimension), &bytes))
      fail("impossible shape");
  if (bytes != tensor.data.size())
    fail(format_text("{} bytes of data, but its dtype and shape need {}", tensor.data.size(), bytes));
}

// Widest element first, then by name. The data starts at a multiple of 8, so every tensor is aligned without padding.
std::vector<const TensorView*> in_file_order(const std::vector<TensorView>& tensors, const Metadata& metadata) {
  if (metadata.contains(header_crc_key) || metadata.contains(tensor_crcs_key))
    throw std::invalid_argument("the metadata keys crc32c and crc32c.header are reserved for the file's checksums");
  std::vector<const TensorView*> order;
  std::set<std::string_view> names{"__metadata__"};
  for (const TensorView& tensor : tensors) {
    check(tensor);
    if (!names.insert(tensor.name).second)
      throw std::invalid_argument(format_text("two tensors named {}", shown(tensor.name)));
    order.push_back(&tensor);
  }
  std::sort(order.begin(), order.end(), [](const TensorView* a, const TensorView* b) {
    const std::size_t width_a = dtype_bytes(a->dtype), width_b = dtype_bytes(b->dtype);
    return std::tie(width_b, a->name) < std::tie(width_a, b->name);
  });
  return order;
}

}  // namespace

std::uint64_t safetensors_size(const std::vector<TensorView>& tensors, const Metadata& metadata) {
  const auto order = in_file_order(tensors, metadata);
  TensorCrcs crcs;
  std::uint64_t data_bytes = 0;
  for (const TensorView* tensor : order) {
    crcs[tensor->name] = crc32c_text(0);
    data_bytes += tensor->data.size();
  }
  return build_head(order, metadata, crcs).size() + data_bytes;
}

std::uint64_t write_safetensors(const std::string& path, const std::vector<TensorView>& tensors,
                                const Metadata& metadata, FileCalls& calls, bool may_replace) {
  const auto order = in_file_order(tensors, metadata);
  TensorCrcs crcs;
  for (const TensorView* tensor : order) crcs[tensor->name] = crc32c_text(crc32c(tensor->data));
  const std::string head = build_head(order, metadata, crcs);
  std::uint64_t bytes = head.size();
  write_file_atomically(
      path,
      [&](const ByteSink& sink) {
        sink(std::as_bytes(std::span(head)));
        for (const TensorView* tensor : order)
          if (!tensor->data.empty()) sink(tensor->data);
      },
      nullptr, calls, may_replace);
  for (const TensorView* tensor : order) bytes += tensor->data.size();
  return bytes;
}

}  // namespace tlaunch
