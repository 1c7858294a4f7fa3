// A read-only run of bytes that keeps alive what holds it: a mapped file or private memory. Copies share the holder;
// safe to read from several threads. Nobody may truncate a mapped file while it is in use.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace tlaunch {

struct ByteRegion {
  std::shared_ptr<const void> holder;
  std::span<const std::uint8_t> bytes;
};

// Throws DataError if the file is missing, unreadable or not a regular file; IoError if it cannot be mapped.
ByteRegion map_file(const std::string& path);

ByteRegion in_memory(std::vector<std::uint8_t> bytes);

}  // namespace tlaunch
