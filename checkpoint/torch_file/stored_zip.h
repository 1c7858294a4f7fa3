// Zip archives whose records are stored without compression, as torch.save writes them. Includes archives larger than
// 4 GiB or with more than 65,535 records (zip64).
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

// Fills `into`. Throws if the archive has fewer bytes.
using ReadAt = std::function<void(std::uint64_t offset, std::span<std::byte> into)>;

// The records in the order of their offsets; none overlaps another. Reads the directory and the records' headers, but
// not the data: the caller checks `crc`. Throws DataError with `path`, also for compressed and encrypted records.
// Memory and time are bounded by the directory's size.
std::vector<ZipRecord> parse_zip(const ReadAt& read, std::uint64_t file_bytes, const std::string& path);

// The bytes around the data of records with these names, sizes and checksums: `heads[i]` before the data of the i-th
// record, which then begins at a multiple of 64 bytes as in PyTorch's own files, and `tail` after the last. Fills in
// the records' offsets. Pure.
struct ZipFrame {
  std::vector<std::string> heads;
  std::string tail;
};
ZipFrame zip_frame(std::vector<ZipRecord>& records);

struct ZipInput {
  std::string name;
  std::span<const std::byte> data;
};

// Reads the data twice (checksums, then bytes). Nothing in the archive depends on the clock.
void write_zip(const ByteSink& sink, const std::vector<ZipInput>& inputs);

std::uint32_t zip_crc(std::span<const std::byte> data, std::uint32_t crc = 0);

}  // namespace tlaunch
