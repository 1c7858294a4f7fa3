#include "base/crc32c.h"

#include <array>
#include <cstring>

#include "base/text.h"

#if defined(__x86_64__)
#include <nmmintrin.h>
#elif defined(__aarch64__)
#include <arm_acle.h>
#include <sys/auxv.h>
#endif

namespace tlaunch {
namespace {

using Crc32c = std::uint32_t (*)(const std::byte*, std::size_t, std::uint32_t);

// tables[k][b]: the effect of byte b on the register if k more bytes follow it in a step of eight.
constexpr auto tables = [] {
  constexpr std::uint32_t polynomial = 0x82F63B78;  // Castagnoli's polynomial, bits reversed
  std::array<std::array<std::uint32_t, 256>, 8> t{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) ? polynomial : 0);
    t[0][byte] = crc;
  }
  for (std::size_t k = 1; k < 8; ++k)
    for (std::size_t byte = 0; byte < 256; ++byte) t[k][byte] = (t[k - 1][byte] >> 8) ^ t[0][t[k - 1][byte] & 0xff];
  return t;
}();

// The three functions take and return the register itself, without the inversion before and after.
std::uint32_t by_tables(const std::byte* data, std::size_t size, std::uint32_t crc) {
  for (; size >= 8; size -= 8, data += 8) {
    const auto at = [&](std::size_t i) { return std::to_integer<std::uint32_t>(data[i]); };
    const std::uint32_t low = crc ^ (at(0) | at(1) << 8 | at(2) << 16 | at(3) << 24);
    crc = tables[7][low & 0xff] ^ tables[6][(low >> 8) & 0xff] ^ tables[5][(low >> 16) & 0xff] ^ tables[4][low >> 24] ^
          tables[3][at(4)] ^ tables[2][at(5)] ^ tables[1][at(6)] ^ tables[0][at(7)];
  }
  for (; size > 0; --size, ++data) crc = (crc >> 8) ^ tables[0][(crc ^ std::to_integer<std::uint32_t>(*data)) & 0xff];
  return crc;
}

#if defined(__x86_64__)
// One chain of 8-byte steps of 3 cycles: 4.4 GB/s on a busy 2-core machine, more than its disk takes. Interleaved
// streams would double it at the price of tables to join them.
__attribute__((target("sse4.2"))) std::uint32_t by_instruction(const std::byte* data, std::size_t size,
                                                               std::uint32_t crc) {
  std::uint64_t wide = crc;
  for (; size >= 8; size -= 8, data += 8) {
    std::uint64_t word;
    std::memcpy(&word, data, 8);
    wide = _mm_crc32_u64(wide, word);
  }
  crc = static_cast<std::uint32_t>(wide);
  for (; size > 0; --size, ++data) crc = _mm_crc32_u8(crc, std::to_integer<unsigned char>(*data));
  return crc;
}
bool has_instruction() { return __builtin_cpu_supports("sse4.2"); }
#elif defined(__aarch64__)
__attribute__((target("+crc"))) std::uint32_t by_instruction(const std::byte* data, std::size_t size,
                                                             std::uint32_t crc) {
  for (; size >= 8; size -= 8, data += 8) {
    std::uint64_t word;
    std::memcpy(&word, data, 8);
    crc = __crc32cd(crc, word);
  }
  for (; size > 0; --size, ++data) crc = __crc32cb(crc, std::to_integer<std::uint8_t>(*data));
  return crc;
}
bool has_instruction() {
  constexpr unsigned long crc32_bit = 1ul << 7;  // HWCAP_CRC32
  return (getauxval(AT_HWCAP) & crc32_bit) != 0;
}
#endif

Crc32c fastest() {
#if defined(__x86_64__) || defined(__aarch64__)
  if (has_instruction()) return by_instruction;
#endif
  return by_tables;
}

}  // namespace

std::uint32_t crc32c(std::span<const std::byte> data, std::uint32_t crc) {
  static const Crc32c run = fastest();
  return ~run(data.data(), data.size(), ~crc);
}

std::uint32_t crc32c_portable(std::span<const std::byte> data, std::uint32_t crc) {
  return ~by_tables(data.data(), data.size(), ~crc);
}

std::string crc32c_text(std::uint32_t crc) { return format_text("{:08x}", crc); }

std::string content_name(std::span<const std::byte> data) {
  return format_text("{:08x}{:x}", crc32c(data), data.size());
}

}  // namespace tlaunch
