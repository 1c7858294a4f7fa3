// Signatures and sizes of the zip format (PKWARE's APPNOTE 6.3), for the reader and the writer.
#pragma once

#include <cstdint>

namespace tlaunch::zip_format {

inline constexpr std::uint32_t local_signature = 0x04034b50, central_signature = 0x02014b50, end_signature = 0x06054b50,
                               end64_signature = 0x06064b50, locator_signature = 0x07064b50;
inline constexpr std::uint64_t local_bytes = 30, central_bytes = 46, end_bytes = 22, end64_bytes = 56,
                               locator_bytes = 20;  // without names, extra fields and comments
inline constexpr std::uint16_t zip64_field = 0x0001;
inline constexpr std::uint16_t max16 = 0xffff;  // max16 and max32 mean "see the zip64 field"
inline constexpr std::uint32_t max32 = 0xffffffff;

}  // namespace tlaunch::zip_format
