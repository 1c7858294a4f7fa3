#include "base/crc32c.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tlaunch {
namespace {

std::span<const std::byte> bytes_of(const auto& values) { return std::as_bytes(std::span(values)); }

// RFC 3720 B.4 gives the sums as bytes on the wire; these are the same as numbers.
TEST(Crc32c, GivesTheVectorsOfRfc3720) {
  std::vector<std::uint8_t> up(32), down(32);
  for (std::uint8_t i = 0; i < 32; ++i) up[i] = down[31 - i] = i;
  EXPECT_EQ(crc32c(bytes_of(std::vector<std::uint8_t>(32, 0))), 0x8a9136aau);
  EXPECT_EQ(crc32c(bytes_of(std::vector<std::uint8_t>(32, 0xff))), 0x62a8ab43u);
  EXPECT_EQ(crc32c(bytes_of(up)), 0x46dd794eu);
  EXPECT_EQ(crc32c(bytes_of(down)), 0x113fdb5cu);
  const std::vector<std::uint8_t> read_command = {0x01, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,    0, 0, 0, 0,
                                                  0x14, 0,    0, 0, 0, 0, 4, 0, 0, 0, 0, 0x14, 0, 0, 0, 0x18,
                                                  0x28, 0,    0, 0, 0, 0, 0, 0, 2, 0, 0, 0,    0, 0, 0, 0};
  EXPECT_EQ(crc32c(bytes_of(read_command)), 0xd9963a56u);
  EXPECT_EQ(crc32c(bytes_of(std::string("123456789"))), 0xe3069283u);
  EXPECT_EQ(crc32c({}), 0u);
}

TEST(Crc32c, IsTheSameByTablesByInstructionAndInPieces) {
  std::vector<std::uint8_t> data(200);
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<std::uint8_t>(i * 37 + 11);
  for (std::size_t begin = 0; begin < 9; ++begin)  // every alignment
    for (std::size_t size = 0; begin + size <= data.size(); ++size) {
      const auto part = bytes_of(data).subspan(begin, size);
      const std::uint32_t whole = crc32c_portable(part);
      ASSERT_EQ(crc32c(part), whole) << begin << " " << size;
      ASSERT_EQ(crc32c(part.subspan(size / 3), crc32c(part.first(size / 3))), whole) << begin << " " << size;
      ASSERT_EQ(crc32c_portable(part.subspan(size / 3), crc32c_portable(part.first(size / 3))), whole)
          << begin << " " << size;
    }
}

TEST(Crc32c, IsWrittenAsEightDigits) {
  EXPECT_EQ(crc32c_text(0), "00000000");
  EXPECT_EQ(crc32c_text(0x00a1b2c3), "00a1b2c3");
}

}  // namespace
}  // namespace tlaunch
