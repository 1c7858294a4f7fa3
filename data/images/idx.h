// IDX files, the format of MNIST and Fashion-MNIST: two zero bytes, a type byte (8: uint8), the number of dimensions,
// each dimension as a big-endian uint32, then the values. Plain files are mapped; gzipped ones are decoded once a node.
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

// `path` or, where that is absent, `path`.gz. Throws DataError naming file and byte offset where neither is there or
// what is there is truncated, too long, corrupt or not uint8 with `num_dimensions` dimensions of at least 1.
IdxFile open_idx(const std::string& path, std::size_t num_dimensions, const std::string& cache_folder);

}  // namespace tlaunch
