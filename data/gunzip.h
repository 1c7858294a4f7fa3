// Decompression of gzip files in memory. The checksum and the length at their end are checked.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace tlaunch {

// Returns the first `limit_bytes` of the decompressed content, or all of it if that is less. The checksum is compared
// if the end is reached. Several gzip files one after the other count as one. Bytes after them are ignored as gzip -d
// does: zeros silently, anything else with a line on standard error. `path` is for messages. Throws DataError with the
// byte offset in the compressed file if it is truncated or corrupt.
std::vector<std::uint8_t> gunzip(std::span<const std::uint8_t> compressed, const std::string& path,
                                 std::uint64_t limit_bytes);

}  // namespace tlaunch
