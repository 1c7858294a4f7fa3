// The checkpoint file: safetensors (u64 little-endian header length, JSON header, raw tensors) with a CRC32C per tensor
// and one of the header itself, as strings in `__metadata__`. Python reads it with safetensors.torch.load_file.
//
// Metadata keys of ours: "crc32c.header" (8 hex digits, computed with those digits zeroed, compared as text) and
// "crc32c" -> a JSON object text {tensor name: 8 hex digits}. All other keys are the caller's.
// Nothing in the file depends on the clock or on paths: equal tensors and metadata give equal bytes. Tensors are laid
// out in the order of their names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace tlaunch {

// safetensors' names: "F64" "F32" "F16" "BF16" "I64" "I32" "I16" "I8" "U8" "BOOL".
std::size_t dtype_bytes(const std::string& dtype);  // 0 where unknown

struct TensorView {
  std::string name;
  std::string dtype;
  std::vector<std::int64_t> shape;
  std::span<const std::byte> data;  // contiguous, row-major
};

using Metadata = std::map<std::string, std::string>;

// Bytes of the file that write_safetensors would write.
std::uint64_t safetensors_size(const std::vector<TensorView>& tensors, const Metadata& metadata);

// Durable when it returns (temporary name, checked writes, fsync, rename, fsync of the folder). Throws IoError.
void write_safetensors(const std::string& path, const std::vector<TensorView>& tensors, const Metadata& metadata);

// A mapped file. Opening checks the header (lengths, offsets without gap or overlap, dtypes, shapes, duplicate names,
// the header's CRC where one is there); verify() reads all data and checks every CRC. Both throw DataError naming file
// and offset or tensor, before the caller has touched a model. Files by other writers carry no CRCs and pass without.
class SafetensorsFile {
 public:
  explicit SafetensorsFile(const std::string& path);
  ~SafetensorsFile();
  SafetensorsFile(const SafetensorsFile&) = delete;
  SafetensorsFile& operator=(const SafetensorsFile&) = delete;

  const std::string& path() const;
  const Metadata& metadata() const;
  const std::vector<TensorView>& tensors() const;        // in the file's order; views live as long as this object
  const TensorView* find(const std::string& name) const; // nullptr where absent
  void verify() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tlaunch
