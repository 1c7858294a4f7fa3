#include <stdexcept>
#include <utility>

#include "base/crc32c.h"
#include "base/json.h"
#include "base/text.h"
#include "checkpoint/safetensors/safetensors_head.h"

namespace tlaunch {
namespace {

constexpr const char* no_digits = "00000000";

// The header is built as text because ordered_json searches all its keys for each new one: that is quadratic in the
// number of tensors.
std::string json_text(const std::string& text) { return Json(text).dump(); }

std::string crcs_text(const std::vector<const TensorView*>& tensors, const TensorCrcs& crcs) {
  std::string text = "{";
  for (const TensorView* tensor : tensors) {
    if (text.size() > 1) text += ',';
    text += json_text(tensor->name) + ":\"" + crcs.at(tensor->name) + '"';
  }
  return text + '}';
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string text = "[";
  for (const std::int64_t dimension : shape) {
    if (text.size() > 1) text += ',';
    text += std::to_string(dimension);
  }
  return text + ']';
}

}  // namespace

std::size_t dtype_bytes(const std::string& dtype) {
  static const std::map<std::string, std::size_t> bytes = {
      {"F64", 8}, {"F32", 4},  {"F16", 2},     {"BF16", 2},    {"C64", 8},         {"I64", 8},
      {"I32", 4}, {"I16", 2},  {"I8", 1},      {"U64", 8},     {"U32", 4},         {"U16", 2},
      {"U8", 1},  {"BOOL", 1}, {"F8_E5M2", 1}, {"F8_E4M3", 1}, {"F8_E5M2FNUZ", 1}, {"F8_E4M3FNUZ", 1}};
  const auto found = bytes.find(dtype);
  return found == bytes.end() ? 0 : found->second;
}

std::string head_crc(std::string_view head, std::size_t digits_at) {
  const auto bytes = std::as_bytes(std::span(head));
  std::uint32_t crc = crc32c(bytes.first(digits_at));
  crc = crc32c(std::as_bytes(std::span(no_digits, 8)), crc);
  return crc32c_text(crc32c(bytes.subspan(digits_at + 8), crc));
}

std::string build_head(const std::vector<const TensorView*>& tensors, const Metadata& metadata,
                       const TensorCrcs& crcs) {
  Metadata all = metadata;
  all[tensor_crcs_key] = crcs_text(tensors, crcs);
  all[header_crc_key] = no_digits;

  std::string head(length_bytes, '\0');
  std::size_t digits_at = 0;
  head += "{\"__metadata__\":{";
  for (bool first = true; const auto& [key, value] : all) {
    if (!std::exchange(first, false)) head += ',';
    head += json_text(key) + ':';
    if (key == header_crc_key) digits_at = head.size() + 1;
    head += json_text(value);
  }
  head += '}';
  std::uint64_t begin = 0;
  for (const TensorView* tensor : tensors) {
    const std::uint64_t end = begin + tensor->data.size();
    head += ',';
    head += json_text(tensor->name) + ":{\"dtype\":\"" + tensor->dtype + "\",\"shape\":" + shape_text(tensor->shape) +
            ",\"data_offsets\":[" + std::to_string(begin) + ',' + std::to_string(end) + "]}";
    begin = end;
  }
  head += '}';
  head.append((8 - head.size() % 8) % 8, ' ');

  const std::uint64_t length = head.size() - length_bytes;
  if (length > max_header_bytes)
    throw std::invalid_argument(
        format_text("the checkpoint's header has {} bytes, but readers of safetensors accept at most {}", length,
                    max_header_bytes));
  for (std::size_t i = 0; i < length_bytes; ++i) head[i] = static_cast<char>(length >> (8 * i) & 0xff);
  head.replace(digits_at, 8, head_crc(head, digits_at));
  return head;
}

}  // namespace tlaunch
