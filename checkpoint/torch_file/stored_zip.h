// Zip archives whose records are stored as they are, never compressed: what torch.save writes. Larger than 4 GiB and
// more than 65,535 records included (zip64).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/atomic_file.h"

namespace tlaunch {

struct ZipRecord {
  std::string name;
  std::uint64_t bytes = 0;
  std::uint32_t crc = 0;                     // zlib's crc32
  std::uint64_t header_at = 0, data_at = 0;  // offsets in the archive
};

// Throws where there are fewer bytes.
using ReadAt = std::function<void(std::uint64_t offset, std::span<std::byte> into)>;

// The records in the order of their places; none overlaps another. Reads the directory and the records' headers, no
// data: the caller checks `crc`. Throws DataError naming `path`, for compressed and encrypted records too. Memory and
// time are bounded by the directory's size.
std::vector<ZipRecord> parse_zip(const ReadAt& read, std::uint64_t file_bytes, const std::string& path);

// What stands around the data of records of these names, sizes and sums: `heads[i]` before the data of the i-th, which
// then begins at a multiple of 64 bytes as in PyTorch's own files, and `tail` after the last. Fills in the offsets.
// Pure.
struct ZipFrame {
  std::vector<std::string> heads;
  std::string tail;
};
ZipFrame zip_frame(std::vector<ZipRecord>& records);

struct ZipInput {
  std::string name;
  std::span<const std::byte> data;
};

// Reads the data twice (sums, then bytes). Nothing in the archive depends on the clock.
void write_zip(const ByteSink& sink, const std::vector<ZipInput>& inputs);

std::uint32_t zip_crc(std::span<const std::byte> data, std::uint32_t crc = 0);

}  // namespace tlaunch
