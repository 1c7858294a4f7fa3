// IDX files, the format of MNIST and Fashion-MNIST: two zero bytes, a type byte (8: uint8), the number of dimensions,
// each dimension as a big-endian uint32, then the values. Plain files are mapped; gzipped ones are decoded once per
// node.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "data/byte_region.h"

namespace tlaunch {

struct IdxFile {
  std::string path;                      // the file found, for messages
  std::vector<std::int64_t> dimensions;  // count first
  std::span<const std::uint8_t> values;
  std::size_t values_offset = 0;  // of values within the (decompressed) file
  ByteRegion region;              // keeps values alive
  std::string private_because;    // see node_cache.h
};

// Opens `path`, or `path`.gz if `path` is missing. Throws DataError with the file's name if neither exists, and with
// the byte offset too if the file is truncated, too long, corrupt or not uint8 with `num_dimensions` dimensions of at
// least 1.
IdxFile open_idx(const std::string& path, std::size_t num_dimensions, const std::string& cache_folder);

}  // namespace tlaunch
