// CRC32C (Castagnoli, RFC 3720 B.4): the checksum of checkpoints and of TensorBoard records. Uses SSE4.2 or ARM CRC
// instructions if the CPU has them, else tables. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace tlaunch {

// For data in pieces, pass the result of the previous piece as `crc`.
std::uint32_t crc32c(std::span<const std::byte> data, std::uint32_t crc = 0);

// The same without special instructions; crc32c() uses it on other CPUs.
std::uint32_t crc32c_portable(std::span<const std::byte> data, std::uint32_t crc = 0);

// 8 lower-case hex digits, as checkpoints carry them.
std::string crc32c_text(std::uint32_t crc);

// Checksum and size in hex digits: a name for this content. Enough for a user's own files, not against forgery.
std::string content_name(std::span<const std::byte> data);

}  // namespace tlaunch
