#include "data/node_cache.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/data/fixture.h"
#include "tests/unit/data/idx_files.h"

namespace tlaunch {
namespace {

namespace fs = std::filesystem;
using test::write;

FileBytes some_bytes() {
  FileBytes bytes(100'000);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * i >> 3);
  return bytes;
}

FileBytes copy_of(const CachedBytes& cached) { return {cached.region.bytes.begin(), cached.region.bytes.end()}; }

std::string only_cache_file(const std::string& folder) {
  std::string found;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() != ".bin") continue;
    EXPECT_EQ(found, "") << "more than one cache file";
    found = entry.path().string();
  }
  return found;
}

class NodeCache : public ::testing::Test {
 protected:
  NodeCache() { write(source, "abc"); }

  CachedBytes get(std::uint32_t version = 1) {
    return cached_bytes(
        source, version,
        [&] {
          ++decoded;
          return some_bytes();
        },
        folder);
  }

  const test::TempDir temp;
  std::string source = temp / "source";
  std::string folder = temp / "cache/data";
  int decoded = 0;
};

TEST_F(NodeCache, DecodesOnceAndSharesFromThenOn) {
  for (int i = 0; i < 3; ++i) {
    const auto cached = get();
    EXPECT_EQ(copy_of(cached), some_bytes());
    EXPECT_EQ(cached.private_because, "");
  }
  EXPECT_EQ(decoded, 1);
}

TEST_F(NodeCache, AChangedSourceOrDecoderIsDecodedAnew) {
  get();
  get(2);
  EXPECT_EQ(decoded, 2);
  write(source, "abcd");
  get();
  EXPECT_EQ(decoded, 3);
  fs::last_write_time(source, fs::last_write_time(source) + std::chrono::seconds(1));
  get();
  EXPECT_EQ(decoded, 4);
}

TEST_F(NodeCache, ADamagedCacheFileIsMadeAnew) {
  get();
  const std::string file = only_cache_file(folder);
  const auto size = fs::file_size(file);
  for (const std::size_t at : {std::size_t{0}, std::size_t{9}, std::size_t{17}, std::size_t{21}, std::size_t{64},
                               static_cast<std::size_t>(size) - 1}) {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekg(static_cast<std::streamoff>(at));
    const char flipped = static_cast<char>(stream.get() ^ 1);
    stream.seekp(static_cast<std::streamoff>(at));
    stream.put(flipped);
    stream.close();
    decoded = 0;
    EXPECT_EQ(copy_of(get()), some_bytes());
    EXPECT_EQ(decoded, 1) << "byte " << at << " was not checked";
  }
  for (const std::size_t length : {std::size_t{0}, std::size_t{10}, std::size_t{64}, static_cast<std::size_t>(size) - 1,
                                   static_cast<std::size_t>(size) + 1}) {
    fs::resize_file(file, length);
    decoded = 0;
    EXPECT_EQ(copy_of(get()), some_bytes());
    EXPECT_EQ(decoded, 1) << "length " << length;
  }
  decoded = 0;
  get();
  EXPECT_EQ(decoded, 0);
}

TEST_F(NodeCache, WithoutAFolderToWriteTheBytesArePrivateAndTheReasonIsTold) {
  write(temp / "in_the_way", "a file where the folder should be");
  folder = temp / "in_the_way/data";
  const auto cached = get();
  EXPECT_EQ(copy_of(cached), some_bytes());
  EXPECT_NE(cached.private_because.find("in_the_way"), std::string::npos) << cached.private_because;
  folder = "";
  EXPECT_NE(get().private_because, "");
}

// A number that no process has: the kernel's numbers end at 2^22.
TEST_F(NodeCache, WhatAKilledWriterLeftGoesWhenTheFileIsMadeAnew) {
  get();
  const fs::path made = only_cache_file(folder);
  const fs::path left = made.parent_path() / ("." + made.filename().string() + ".9999999-0-0badcafe.tmp");
  write(left, "half");
  fs::remove(made);
  get();
  EXPECT_FALSE(fs::exists(left));
  EXPECT_TRUE(fs::exists(made));
}

TEST_F(NodeCache, AFailedDecodingLeavesNothingBehind) {
  EXPECT_THROW(cached_bytes(
                   source, 1, []() -> FileBytes { throw DataError("bad"); }, folder),
               DataError);
  EXPECT_EQ(only_cache_file(folder), "");
  EXPECT_EQ(copy_of(get()), some_bytes());
}

TEST_F(NodeCache, AnAbsentSourceIsADataErrorThatNamesIt) {
  source = temp / "absent";
  const std::string message = message_of<DataError>([&] { get(); });
  EXPECT_NE(message.find(source), std::string::npos) << message;
}

TEST_F(NodeCache, BytesStayReadableWhenTheFolderIsRemoved) {
  const auto cached = get();
  fs::remove_all(folder);
  EXPECT_EQ(copy_of(cached), some_bytes());
}

TEST_F(NodeCache, ManyProcessesAtOnceDecodeOnce) {
  constexpr int processes = 6;
  int start[2];
  ASSERT_EQ(::pipe(start), 0);
  std::vector<pid_t> children;
  for (int i = 0; i < processes; ++i) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::close(start[1]);
      char byte = 0;
      if (::read(start[0], &byte, 1) != 0) ::_exit(3);  // all begin when the parent closes its end
      try {
        const auto cached = cached_bytes(
            source, 1,
            [&] {
              std::ofstream(temp / "decodings", std::ios::app) << "x";
              return some_bytes();
            },
            folder);
        ::_exit(copy_of(cached) == some_bytes() && cached.private_because.empty() ? 0 : 1);
      } catch (...) {
        ::_exit(2);
      }
    }
    children.push_back(child);
  }
  ::close(start[0]);
  ::close(start[1]);
  for (const pid_t child : children) {
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(fs::file_size(temp / "decodings"), 1u);
}

TEST(DefaultCacheFolder, FollowsTheXdgSpecification) {
  const CacheHome absolute("/some/where");
  EXPECT_EQ(default_cache_folder(), "/some/where/tlaunch/data");
  const CacheHome relative("some/where");
  if (const char* home = std::getenv("HOME")) {
    EXPECT_EQ(default_cache_folder(), std::string(home) + "/.cache/tlaunch/data");
  }
}

}  // namespace
}  // namespace tlaunch
