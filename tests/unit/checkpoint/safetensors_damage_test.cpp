// Opening and verifying a small file notices every truncation and every flipped bit.
#include <gmock/gmock.h>
#include <sys/mman.h>
#include <unistd.h>

#include <functional>

#include "base/error.h"
#include "checkpoint/safetensors/safetensors.h"
#include "tests/unit/checkpoint/fixture.h"

namespace tlaunch {
namespace {

using test::SmallCheckpoint;
using test::TempDir;

// A file in memory, because thousands of rewrites of a file on a disk take half a minute.
class SafetensorsDamage : public testing::Test {
 protected:
  void SetUp() override {
    const SmallCheckpoint small;
    const TempDir dir;
    write_safetensors(dir / "small.safetensors", small.views(), small.metadata);
    whole_ = test::content(dir / "small.safetensors");
    fd_ = ::memfd_create("small", MFD_CLOEXEC);
    path_ = "/proc/self/fd/" + std::to_string(fd_);
    set_content(whole_);
  }
  void TearDown() override { ::close(fd_); }
  void set_content(const std::string& bytes) {
    ASSERT_EQ(::ftruncate(fd_, static_cast<off_t>(bytes.size())), 0);
    ASSERT_EQ(::pwrite(fd_, bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
  }
  // The error for `bytes`; "" if there is none.
  std::string error_of(const std::string& bytes) {
    set_content(bytes);
    try {
      SafetensorsFile(path_).verify();
      return "";
    } catch (const DataError& error) {
      return error.what();
    }
  }
  std::string path_, whole_;
  int fd_ = -1;
};

TEST_F(SafetensorsDamage, EveryTruncationIsNoticed) {
  for (std::size_t size = 0; size < whole_.size(); ++size)
    ASSERT_THAT(error_of(whole_.substr(0, size)), testing::HasSubstr(path_ + ": byte ")) << "cut to " << size;
  EXPECT_EQ(error_of(whole_), "");
}

TEST_F(SafetensorsDamage, TrailingBytesAreNoticed) {
  EXPECT_THAT(error_of(whole_ + '\0'), testing::HasSubstr("byte " + std::to_string(whole_.size()) +
                                                          ": the file has 1 byte after the last tensor"));
}

TEST_F(SafetensorsDamage, EverySingleBitFlipIsNoticed) {
  for (std::size_t byte = 0; byte < whole_.size(); ++byte)
    for (int bit = 0; bit < 8; ++bit) {
      std::string bytes = whole_;
      bytes[byte] = static_cast<char>(bytes[byte] ^ (1 << bit));
      ASSERT_THAT(error_of(bytes), testing::HasSubstr(path_ + ": byte")) << "byte " << byte << " bit " << bit;
    }
}

TEST_F(SafetensorsDamage, DamagedDataIsNamedByTensorAndPlace) {
  std::string bytes = whole_;
  const std::size_t data = bytes.size() - 16 - 8 - 24 - 6 - 3;  // F64 and I64 first, then F32, BF16, U8
  bytes[data + 24 + 5] ^= 1;
  EXPECT_THAT(error_of(bytes), testing::HasSubstr("bytes " + std::to_string(data + 24) + " to " +
                                                  std::to_string(data + 48) + ": tensor 'fc.weight' is damaged"));
}

TEST_F(SafetensorsDamage, AFileCutWhileOpenIsAnErrorAndNotASignal) {
  const SafetensorsFile file(path_);
  ASSERT_EQ(::ftruncate(fd_, static_cast<off_t>(whole_.size() - 4)), 0);
  const auto read_all = [&] {
    for (const TensorView& tensor : file.tensors()) {
      std::vector<std::byte> bytes(tensor.data.size());
      file.read(tensor, bytes);
    }
  };
  const auto verify = [&] { file.verify(); };
  for (const std::function<void()>& look : {std::function<void()>(verify), std::function<void()>(read_all)}) try {
      look();
      ADD_FAILURE() << "not noticed";
    } catch (const DataError& error) {
      EXPECT_THAT(error.what(),
                  testing::HasSubstr("byte " + std::to_string(whole_.size() - 4) + ": the file became shorter"));
    }
}

}  // namespace
}  // namespace tlaunch
