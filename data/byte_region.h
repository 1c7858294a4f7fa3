// A read-only run of bytes that keeps alive what holds it: a mapped file or private memory. Copies share the holder;
// safe to read from several threads. A mapped file must not be cut short by others while it is in use.
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

// Throws DataError where the file is absent, unreadable or no regular file; IoError where it cannot be mapped.
ByteRegion map_file(const std::string& path);

ByteRegion in_memory(std::vector<std::uint8_t> bytes);

}  // namespace tlaunch
