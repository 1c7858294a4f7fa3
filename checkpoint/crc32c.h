// CRC32C (Castagnoli, RFC 3720 B.4): the checksum of checkpoints and of TensorBoard records. Uses SSE4.2 or ARM CRC
// instructions where the CPU has them, tables otherwise. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace tlaunch {

// Continue with a former result as `crc` to sum data in pieces.
std::uint32_t crc32c(std::span<const std::byte> data, std::uint32_t crc = 0);

}  // namespace tlaunch
