// The checkpoint file: safetensors (u64 little-endian header length, JSON header, raw tensors) with a CRC32C per tensor
// and one of the header itself, as strings in `__metadata__`. Python reads it with safetensors.torch.load_file.
//
// tlaunch adds two metadata keys: "crc32c.header" (8 hex digits, the checksum of the length and the header with those
// digits zeroed, compared as text) and "crc32c" -> a JSON object as text {tensor name: 8 hex digits}. A file has both
// or neither. All other keys are the caller's. Nothing in the file depends on the clock or on paths: equal tensors and
// metadata give equal bytes. Tensors are stored widest element first, then by name (as Python's safetensors does), so
// that each one is aligned.
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

// Bytes per element of a dtype under safetensors' name, such as "F32" and "BOOL"; knows those of its Python reader.
std::size_t dtype_bytes(const std::string& dtype);  // 0 if unknown

struct TensorView {
  std::string name;
  std::string dtype;
  std::vector<std::int64_t> shape;
  std::span<const std::byte> data;  // contiguous, row-major
};

using Metadata = std::map<std::string, std::string>;

using ReadProgress = std::function<void(std::uint64_t bytes)>;  // `bytes` of the file were read so far

// The size in bytes of the file that write_safetensors would write.
std::uint64_t safetensors_size(const std::vector<TensorView>& tensors, const Metadata& metadata);

// Writes the file, which is durable on return (temporary name, checked writes, fsync, rename, fsync of the folder), and
// returns its size in bytes. Throws IoError. Reads the data twice (checksums, then bytes) without a copy; nobody may
// change it meanwhile. Names that repeat, data that does not fit its shape, and tlaunch's two metadata keys are bugs of
// the caller: std::invalid_argument. `may_replace` as in base/atomic_file.h.
std::uint64_t write_safetensors(const std::string& path, const std::vector<TensorView>& tensors,
                                const Metadata& metadata, FileCalls& calls = system_calls(), bool may_replace = true);

// A mapped file. Opening checks the header (lengths, offsets without gap or overlap, dtypes, shapes, duplicate names,
// the header's CRC if there is one); verify() reads all data and checks every CRC. Both throw DataError with the file
// and the offset or tensor, before the caller has touched a model; UsageError if there is no such file; IoError if
// reading fails. Files of other writers have no CRCs and pass without this check. Const use from several threads is
// safe.
//
// The header, verify() and read() use pread, so that a bad sector or a file that is cut short meanwhile is an error and
// not a signal. The views are a private read-only mapping. tlaunch replaces files and never shortens them in place. If
// another program truncates the file while it is open, reading a view beyond the new end raises SIGBUS. read() is also
// the faster way to copy: a mapping loads its pages one fault after the other.
class SafetensorsFile {
 public:
  explicit SafetensorsFile(const std::string& path);
  ~SafetensorsFile();
  SafetensorsFile(const SafetensorsFile&) = delete;
  SafetensorsFile& operator=(const SafetensorsFile&) = delete;

  const std::string& path() const;
  std::uint64_t bytes() const;                            // of the whole file
  const Metadata& metadata() const;                       // without tlaunch's two checksum keys
  const std::vector<TensorView>& tensors() const;         // in the file's order; views live as long as this object
  const TensorView* find(const std::string& name) const;  // nullptr if absent
  bool has_checksums() const;                             // if not, verify() cannot notice damage to the tensors' bytes
  void verify(const ReadProgress& progress = {}) const;
  // Copies the bytes of `tensor`, one of this object's, to `into`, which has the same size. Does not check the CRC:
  // call verify() first.
  void read(const TensorView& tensor, std::span<std::byte> into) const;

 private:
  void verify(std::size_t first, std::size_t last, std::uint64_t offset,
              const std::function<void(std::uint64_t)>& read) const;

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tlaunch
