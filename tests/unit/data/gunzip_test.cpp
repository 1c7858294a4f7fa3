// Gzip files are read as gzip -d reads them: several in one, with padding, with garbage.
#include "data/gunzip.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/data/fixture.h"
#include "tests/unit/data/idx_files.h"

namespace tlaunch {
namespace {

const FileBytes first(3000, 'a'), second(2000, 'b');

FileBytes operator+(FileBytes a, const FileBytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

struct Read {
  FileBytes bytes;
  std::string warning;
};
Read read(const FileBytes& file) {
  testing::internal::CaptureStderr();
  FileBytes bytes;
  try {
    bytes = gunzip(file, "f.gz", 1 << 20);
  } catch (...) {
    testing::internal::GetCapturedStderr();
    throw;
  }
  return {std::move(bytes), testing::internal::GetCapturedStderr()};
}

TEST(Gunzip, ZerosAtTheEndArePadding) {
  for (const std::size_t zeros : {1u, 2u, 512u, 70'000u}) {
    const Read got = read(gzipped(first) + FileBytes(zeros, 0));
    EXPECT_EQ(got.bytes, first) << zeros;
    EXPECT_EQ(got.warning, "");
  }
}

TEST(Gunzip, SeveralFilesInOneAreOne) {
  EXPECT_EQ(read(gzipped(first) + gzipped(second)).bytes, first + second);
  EXPECT_EQ(read(gzipped(first) + gzipped(FileBytes{}) + gzipped(second) + FileBytes(3, 0)).bytes, first + second);
}

TEST(Gunzip, GarbageAtTheEndIsToldAndIgnored) {
  const FileBytes ends[] = {{'x'}, {0x1f}, {0, 0, 'x'}, {'P', 'K', 3, 4}};
  for (const FileBytes& garbage : ends) {
    const Read got = read(gzipped(first) + garbage);
    EXPECT_EQ(got.bytes, first);
    EXPECT_EQ(got.warning,
              "f.gz: ignored " + std::to_string(garbage.size()) + " bytes after the end of the gzip data\n");
  }
}

TEST(Gunzip, ADamagedSecondFileIsAnError) {
  FileBytes cut = gzipped(first) + gzipped(second);
  cut.resize(cut.size() - 3);
  EXPECT_THROW(read(cut), DataError);
  EXPECT_THROW(read(gzipped(first) + FileBytes{0x1f, 0x8b}), DataError) << "a header that was cut short";
  EXPECT_THROW(read(gzipped(first) + FileBytes{0x1f, 0x8b, 99, 0, 0, 0, 0, 0, 0, 0}), DataError) << "no known method";
}

TEST(Gunzip, IsGzipsOwnAnswer) {
  const test::TempDir dir;
  const FileBytes files[] = {gzipped(first) + FileBytes(100, 0), gzipped(first) + gzipped(second),
                             gzipped(first) + FileBytes{'x', 'y'}, gzipped(first) + FileBytes{0, 'x'},
                             gzipped(first) + FileBytes{0} + gzipped(second)};
  for (const FileBytes& file : files) {
    test::write(dir / "f.gz", file);
    const std::string command = "cd '" + dir.path().string() + "' && gzip -dc f.gz > f 2> /dev/null";
    ASSERT_NE(std::system(command.c_str()), 127 * 256);
    const std::string theirs = test::content(dir / "f");
    EXPECT_EQ(read(file).bytes, FileBytes(theirs.begin(), theirs.end()));
  }
}

TEST(Gunzip, WhatADownloadLeftInItsPlaceIsToldApart) {
  const auto message = [](const std::string& text) {
    return message_of<DataError>([&] { read(FileBytes(text.begin(), text.end())); });
  };
  EXPECT_NE(message("<!DOCTYPE html><html>").find("is a web page"), std::string::npos);
  EXPECT_NE(message("version https://git-lfs.github.com/spec/v1\n").find("git lfs pull"), std::string::npos);
}

}  // namespace
}  // namespace tlaunch
