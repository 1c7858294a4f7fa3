#include "hardware/disk.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/temp_dir.h"

namespace tlaunch {
namespace {

namespace fs = std::filesystem;

class Disk : public ::testing::Test {
 protected:
  test::TempDir folder;
};

TEST_F(Disk, AFolderThatExistsIsItself) {
  const DiskInfo disk = disk_info(folder.path().string() + "/");
  EXPECT_EQ(disk.path, folder.path().string());
  ASSERT_TRUE(disk.free_bytes);
  EXPECT_GT(*disk.free_bytes, 0u);
}

TEST_F(Disk, AFolderYetToBeMadeGivesItsNearestParent) {
  EXPECT_EQ(disk_info((folder / "runs" / "a" / "b").string()).path, folder.path().string());
}

TEST_F(Disk, AFileIsNoFolder) {
  test::write(folder / "file", "x");
  EXPECT_EQ(disk_info((folder / "file" / "run").string()).path, folder.path().string());
}

TEST_F(Disk, ARelativeFolderBecomesAbsolute) {
  EXPECT_EQ(disk_info("no_such_folder/run").path, fs::current_path().string());
  EXPECT_EQ(disk_info("").path, fs::current_path().string());
}

TEST_F(Disk, BytesOfAFileAndOfAllBelowAFolder) {
  fs::create_directories(folder / "a" / "b");
  test::write(folder / "a" / "one", "12345");
  test::write(folder / "a" / "b" / "two", "123");
  fs::create_symlink(folder / "a" / "one", folder / "a" / "again");
  EXPECT_EQ(bytes_below((folder / "a" / "one").string()), 5u);
  EXPECT_EQ(bytes_below((folder / "a").string()), 8u);
  EXPECT_FALSE(bytes_below((folder / "none").string()));
}

TEST_F(Disk, TheRootIsTheLastParent) { EXPECT_EQ(disk_info("/no_such_folder").path, "/"); }

}  // namespace
}  // namespace tlaunch
