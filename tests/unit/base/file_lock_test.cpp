#include "base/file_lock.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <thread>
#include <vector>

#include "base/atomic_file.h"
#include "base/error.h"
#include "tests/support/temp_dir.h"

namespace tlaunch {
namespace {

TEST(FileLock, NothingIsLostBetweenReadingAndReplacing) {
  const test::TempDir folder;
  const std::string file = folder / "shared";
  constexpr int writers = 4, times = 25;
  std::vector<std::thread> threads;
  for (int i = 0; i < writers; ++i)
    threads.emplace_back([&] {
      for (int k = 0; k < times; ++k) {
        const FileLock lock(file);
        write_file_atomically(file, read_file(file, 1'000'000) + "x");
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(read_file(file, 1'000'000).size(), static_cast<std::size_t>(writers * times));
}

TEST(FileLock, WhatCannotBeWrittenIsAnError) {
  const test::TempDir folder;
  EXPECT_THROW(FileLock(folder.path().string()), IoError);
  EXPECT_THROW(FileLock(folder / "no/such/folder"), IoError);
}

}  // namespace
}  // namespace tlaunch
