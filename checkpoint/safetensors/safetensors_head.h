// Builds and parses the head of a safetensors file (u64 length and JSON header). Pure: touches no file.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/safetensors/safetensors.h"

namespace tlaunch {

inline constexpr std::uint64_t length_bytes = 8;
inline constexpr std::uint64_t max_header_bytes = 100'000'000;  // the limit of every other reader of the format
inline constexpr const char* header_crc_key = "crc32c.header";
inline constexpr const char* tensor_crcs_key = "crc32c";

using TensorCrcs = std::map<std::string, std::string>;  // tensor name -> 8 hex digits

// The first 8 + N bytes of the file that holds `tensors` in this order without a gap. N is chosen so that the data
// begins at a multiple of 8. The tensors' checksums are those given; the head's own checksum is computed.
std::string build_head(const std::vector<const TensorView*>& tensors, const Metadata& metadata, const TensorCrcs& crcs);

// The checksum of a head, as text. Its own 8 digits begin at `digits_at` and count as zeros.
std::string head_crc(std::string_view head, std::size_t digits_at);

struct TensorEntry {
  std::string name, dtype;
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0, end = 0;  // bytes from the start of the data
};

struct ParsedHead {
  Metadata metadata;                 // the caller's keys only
  std::vector<TensorEntry> tensors;  // in the order of their data; they cover it without gap or overlap
  TensorCrcs crcs;                   // one per tensor, or none if the file has no checksums
};

// The N of a file of `file_bytes` that begins with these bytes. Throws DataError with `path`.
std::uint64_t parse_header_length(std::string_view first_bytes, std::uint64_t file_bytes, const std::string& path);

// `head`: the first 8 + N bytes. Throws DataError with `path` and the byte or tensor.
ParsedHead parse_head(std::string_view head, std::uint64_t file_bytes, const std::string& path);

// A tensor's name for a message: in quotes, control characters escaped, and cut if it is very long.
std::string shown(std::string_view name);

}  // namespace tlaunch
