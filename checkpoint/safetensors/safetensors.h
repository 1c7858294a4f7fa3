// The checkpoint file: safetensors (u64 little-endian header length, JSON header, raw tensors) with a CRC32C per tensor
// and one of the header itself, as strings in `__metadata__`. Python reads it with safetensors.torch.load_file.
//
// Metadata keys of ours: "crc32c.header" (8 hex digits, the sum of the length and the header with those digits zeroed,
// compared as text) and "crc32c" -> a JSON object text {tensor name: 8 hex digits}; a file has both or neither. All
// other keys are the caller's.
// Nothing in the file depends on the clock or on paths: equal tensors and metadata give equal bytes. Tensors are laid
// out widest element first, then in the order of their names (as Python's safetensors does), so that each lies aligned.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/file_calls.h"

namespace tlaunch {

// safetensors' names, such as "F32" and "BOOL"; those that its Python reader knows.
std::size_t dtype_bytes(const std::string& dtype);  // 0 where unknown

struct TensorView {
  std::string name;
  std::string dtype;
  std::vector<std::int64_t> shape;
  std::span<const std::byte> data;  // contiguous, row-major
};

using Metadata = std::map<std::string, std::string>;

using ReadProgress = std::function<void(std::uint64_t bytes)>;  // so many of the file have been read

// Bytes of the file that write_safetensors would write.
std::uint64_t safetensors_size(const std::vector<TensorView>& tensors, const Metadata& metadata);

// Durable when it returns (temporary name, checked writes, fsync, rename, fsync of the folder); its bytes. Throws
// IoError. The data is read twice (sums, then bytes) and never copied; nobody may change it meanwhile. Names that
// repeat, data that does not fit its shape, or a metadata key of ours are bugs of the caller: std::invalid_argument.
// `may_replace` as in base/atomic_file.h.
std::uint64_t write_safetensors(const std::string& path, const std::vector<TensorView>& tensors,
                                const Metadata& metadata, FileCalls& calls = system_calls(), bool may_replace = true);

// A mapped file. Opening checks the header (lengths, offsets without gap or overlap, dtypes, shapes, duplicate names,
// the header's CRC where one is there); verify() reads all data and checks every CRC. Both throw DataError naming file
// and offset or tensor, before the caller has touched a model; UsageError where there is no such file; IoError where
// reading fails. Files by other writers carry no CRCs and pass without. Const use from several threads is safe.
//
// The header, verify() and read() use pread, so that a bad sector or a file cut short meanwhile is an error and not a
// signal. The views are a private read-only mapping. Our writers replace files and never shorten them in place; where
// something else truncates the file while it is open, looking at a view beyond the new end is SIGBUS. read() also is
// the faster way to a copy: a mapping's pages come in one fault after the other.
class SafetensorsFile {
 public:
  explicit SafetensorsFile(const std::string& path);
  ~SafetensorsFile();
  SafetensorsFile(const SafetensorsFile&) = delete;
  SafetensorsFile& operator=(const SafetensorsFile&) = delete;

  const std::string& path() const;
  std::uint64_t bytes() const;                            // of the whole file
  const Metadata& metadata() const;                       // without the two keys of ours
  const std::vector<TensorView>& tensors() const;         // in the file's order; views live as long as this object
  const TensorView* find(const std::string& name) const;  // nullptr where absent
  bool has_checksums() const;                             // else verify() notices no damage to the tensors' bytes
  void verify(const ReadProgress& progress = {}) const;
  // The bytes of `tensor`, one of this object's, to `into`, which is as large. Sums nothing: after verify().
  void read(const TensorView& tensor, std::span<std::byte> into) const;

 private:
  void verify(std::size_t first, std::size_t last, std::uint64_t offset,
              const std::function<void(std::uint64_t)>& read) const;

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tlaunch
