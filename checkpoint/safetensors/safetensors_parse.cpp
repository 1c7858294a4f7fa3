#include <algorithm>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "base/units.h"
#include "checkpoint/safetensors/safetensors_head.h"
#include "checkpoint/safetensors/strict_json.h"

namespace tlaunch {
namespace {

constexpr std::size_t max_dimensions = 64;  // the limit of PyTorch's kernels

// {"name": "text", ...}
class FlatTextsHandler : public StrictJsonHandler {
 public:
  std::map<std::string, std::string> texts;
  bool start_object(std::size_t size) override {
    if (open_) return StrictJsonHandler::start_object(size);
    return open_ = true;
  }
  bool key(string_t& key) override {
    key_ = key;
    return true;
  }
  bool string(string_t& value) override {
    if (!open_) return StrictJsonHandler::string(value);
    return texts.emplace(key_, value).second || fail(format_text("{} appears twice", shown(key_)));
  }
  bool end_object() override { return true; }

 private:
  std::string where() const override { return "in an object of strings"; }
  bool open_ = false;
  std::string key_;
};

// {"__metadata__": {"key": "text", ...}, "name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ...}
class HeadHandler : public StrictJsonHandler {
 public:
  explicit HeadHandler(std::uint64_t data_bytes) : data_bytes_(data_bytes) {}
  ParsedHead head;

  bool start_object(std::size_t size) override {
    if (place_ == Place::outside) return enter(Place::top);
    if (place_ != Place::top) return StrictJsonHandler::start_object(size);
    if (key_ == "__metadata__") {
      if (std::exchange(has_metadata_, true)) return fail("the metadata appears twice");
      return enter(Place::metadata);
    }
    if (!names_.insert(key_).second) return fail(format_text("tensor {} appears twice", shown(key_)));
    tensor_ = {};
    tensor_.name = key_;
    offsets_.clear();
    has_dtype_ = has_shape_ = has_offsets_ = false;
    return enter(Place::tensor);
  }

  bool key(string_t& key) override {
    if (place_ != Place::tensor) {
      key_ = key;
      return true;
    }
    bool* seen = key == "dtype"          ? &has_dtype_
                 : key == "shape"        ? &has_shape_
                 : key == "data_offsets" ? &has_offsets_
                                         : nullptr;
    if (!seen) return fail_tensor(format_text("has an unknown field {}", shown(key)));
    if (std::exchange(*seen, true)) return fail_tensor(format_text("has two fields {}", shown(key)));
    field_ = key;
    return true;
  }

  bool string(string_t& value) override {
    if (place_ == Place::metadata)
      return head.metadata.emplace(key_, value).second ||
             fail(format_text("metadata key {} appears twice", shown(key_)));
    if (place_ != Place::tensor || field_ != "dtype") return StrictJsonHandler::string(value);
    tensor_.dtype = value;
    return true;
  }

  bool start_array(std::size_t size) override {
    if (place_ == Place::tensor && field_ == "shape") return enter(Place::shape);
    if (place_ == Place::tensor && field_ == "data_offsets") return enter(Place::offsets);
    return StrictJsonHandler::start_array(size);
  }

  bool number_unsigned(number_unsigned_t value) override {
    if (place_ == Place::offsets) {
      offsets_.push_back(value);
      return offsets_.size() <= 2 || fail_tensor("has more than two data_offsets");
    }
    if (place_ != Place::shape) return StrictJsonHandler::number_unsigned(value);
    if (value > INT64_MAX) return fail_tensor(format_text("has the dimension {}, which is too large", value));
    tensor_.shape.push_back(static_cast<std::int64_t>(value));
    return tensor_.shape.size() <= max_dimensions || fail_tensor("has too many dimensions");
  }

  bool end_array() override { return enter(Place::tensor); }

  bool end_object() override {
    if (place_ == Place::tensor && !finish_tensor()) return false;
    return enter(place_ == Place::top ? Place::outside : Place::top);
  }

 private:
  enum class Place { outside, top, metadata, tensor, shape, offsets };

  std::string where() const override {
    switch (place_) {
      case Place::outside: return "at the top of the header";
      case Place::top: return "as the value of " + shown(key_);
      case Place::metadata: return "in the metadata, as the value of " + shown(key_);
      default: return "in tensor " + shown(tensor_.name) + ", field " + shown(field_);
    }
  }

  bool fail_tensor(const std::string& what) { return fail(format_text("tensor {} {}", shown(tensor_.name), what)); }

  bool enter(Place place) {
    place_ = place;
    return true;
  }

  bool finish_tensor() {
    if (!has_dtype_ || !has_shape_ || !has_offsets_ || offsets_.size() != 2)
      return fail_tensor("lacks its dtype, shape or two data_offsets");
    std::uint64_t expected = dtype_bytes(tensor_.dtype);
    if (expected == 0) return fail_tensor(format_text("has the unknown dtype {}", shown(tensor_.dtype)));
    for (const std::int64_t dimension : tensor_.shape)
      if (__builtin_mul_overflow(expected, static_cast<std::uint64_t>(dimension), &expected))
        return fail_tensor("has a shape whose size exceeds 64 bits");
    tensor_.begin = offsets_[0];
    tensor_.end = offsets_[1];
    const std::string range = format_text("(data_offsets {} to {})", tensor_.begin, tensor_.end);
    if (tensor_.begin > tensor_.end) return fail_tensor(format_text("ends before it begins {}", range));
    if (tensor_.end > data_bytes_)
      return fail_tensor(
          format_text("reaches beyond the end of the file, which has {} bytes of data {}", data_bytes_, range));
    if (tensor_.end - tensor_.begin != expected)
      return fail_tensor(format_text("needs {} bytes by its dtype and shape {}", expected, range));
    head.tensors.push_back(std::move(tensor_));
    return true;
  }

  std::uint64_t data_bytes_;
  Place place_ = Place::outside;
  bool has_metadata_ = false, has_dtype_ = false, has_shape_ = false, has_offsets_ = false;
  std::string key_, field_;
  TensorEntry tensor_;
  std::vector<std::uint64_t> offsets_;
  std::set<std::string> names_;
};

[[noreturn]] void damaged(const std::string& path, std::uint64_t byte, const std::string& what) {
  throw DataError(format_text("{}: byte {}: {}", path, byte, what));
}

// Whether the head has a checksum; throws if the checksum is wrong.
bool check_head_crc(std::string_view head, const std::string& path) {
  // A quote within a JSON text is escaped, so these bytes can only be the key itself.
  const std::string mark = '"' + std::string(header_crc_key) + "\":\"";
  const std::size_t found = head.find(mark);
  if (found == std::string_view::npos) return false;
  const std::size_t digits_at = found + mark.size();
  if (head.size() < digits_at + 8) damaged(path, digits_at, "the header's checksum is cut short");
  const std::string expected = head_crc(head, digits_at);
  if (head.substr(digits_at, 8) != expected)
    damaged(path, digits_at,
            format_text("the header is damaged: its checksum is {} but {} was written", expected,
                        shown(head.substr(digits_at, 8))));
  return true;
}

TensorCrcs take_crcs(ParsedHead& head, bool has_head_crc, const std::string& path) {
  const auto tensors = head.metadata.find(tensor_crcs_key);
  if (head.metadata.erase(header_crc_key) != has_head_crc || (tensors != head.metadata.end()) != has_head_crc)
    damaged(path, length_bytes, format_text("the metadata has only one of {} and {}", tensor_crcs_key, header_crc_key));
  if (!has_head_crc) return {};
  FlatTextsHandler handler;
  if (!handler.read(tensors->second))
    damaged(path, length_bytes, format_text("metadata key '{}': {}", tensor_crcs_key, handler.problem));
  head.metadata.erase(tensors);
  for (const TensorEntry& tensor : head.tensors)
    if (!handler.texts.contains(tensor.name))
      damaged(path, length_bytes, format_text("tensor {} has no checksum", shown(tensor.name)));
  if (handler.texts.size() != head.tensors.size())
    damaged(path, length_bytes, "the metadata has a checksum for a tensor that does not exist");
  return std::move(handler.texts);
}

}  // namespace

std::string shown(std::string_view name) {
  constexpr std::size_t most_bytes = 120;  // names of tensors are long
  return format_text("'{}'", printable(std::string(name.substr(0, most_bytes + 1)), most_bytes));
}

std::uint64_t parse_header_length(std::string_view first_bytes, std::uint64_t file_bytes, const std::string& path) {
  if (first_bytes.size() < length_bytes)
    damaged(path, first_bytes.size(),
            "the file ends within its first 8 bytes; it is not a safetensors file, or it was cut short");
  std::uint64_t length = 0;
  for (std::size_t i = 0; i < length_bytes; ++i)
    length |= static_cast<std::uint64_t>(static_cast<unsigned char>(first_bytes[i])) << (8 * i);
  if (length > max_header_bytes)
    damaged(path, 0,
            format_text("the header would be {} bytes long; this is not a safetensors file, or it is damaged", length));
  if (length > file_bytes - length_bytes)
    damaged(path, file_bytes, format_text("the file ends within its header, which should be {} bytes long", length));
  return length;
}

ParsedHead parse_head(std::string_view head, std::uint64_t file_bytes, const std::string& path) {
  const std::uint64_t data_bytes = file_bytes - head.size();
  const std::string_view json = head.substr(length_bytes);
  const bool has_head_crc = check_head_crc(head, path);
  if (json.empty() || json.front() != '{') damaged(path, length_bytes, "the header does not begin with '{'");

  HeadHandler handler(data_bytes);
  if (!handler.read(json)) damaged(path, length_bytes + handler.problem_at, handler.problem);
  ParsedHead parsed = std::move(handler.head);

  // An empty tensor begins where the next one does. Sorting by end as well puts the empty one first.
  std::stable_sort(parsed.tensors.begin(), parsed.tensors.end(), [](const TensorEntry& a, const TensorEntry& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  std::uint64_t covered = 0;
  for (const TensorEntry& tensor : parsed.tensors) {
    if (tensor.begin != covered)
      damaged(path, head.size() + std::min(tensor.begin, covered),
              format_text("tensor {} {} before it", shown(tensor.name),
                          tensor.begin < covered ? "overlaps the tensor" : "leaves a gap"));
    covered = tensor.end;
  }
  if (covered != data_bytes)
    damaged(path, head.size() + covered,
            format_text("the file has {} after the last tensor",
                        format_number_of(static_cast<std::int64_t>(data_bytes - covered), "byte")));
  parsed.crcs = take_crcs(parsed, has_head_crc, path);
  return parsed;
}

}  // namespace tlaunch
