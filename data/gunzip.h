// Decompression of gzip files in memory, the sum and length at their end checked.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace tlaunch {

// The first `limit_bytes` of what `compressed` holds, or all of it where that is less. What is read up to the end is
// checked against the sum there. Several gzip files one after the other are one, and what follows them is ignored, as
// by gzip -d: zeros silently, anything else with a line on standard error. `path` is for messages. Throws DataError
// with the byte offset in the compressed file where it is truncated or corrupt.
std::vector<std::uint8_t> gunzip(std::span<const std::uint8_t> compressed, const std::string& path,
                                 std::uint64_t limit_bytes);

}  // namespace tlaunch
