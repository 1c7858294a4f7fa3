#include "hardware/disk.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace tlaunch {
namespace {

namespace fs = std::filesystem;

class Disk : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "tlaunch_disk_XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder = pattern;
  }
  void TearDown() override { fs::remove_all(folder); }
  fs::path folder;
};

TEST_F(Disk, AFolderThatExistsIsItself) {
  const DiskInfo disk = disk_info(folder.string() + "/");
  EXPECT_EQ(disk.path, folder.string());
  ASSERT_TRUE(disk.free_bytes);
  EXPECT_GT(*disk.free_bytes, 0u);
}

TEST_F(Disk, AFolderYetToBeMadeGivesItsNearestParent) {
  EXPECT_EQ(disk_info((folder / "runs" / "a" / "b").string()).path, folder.string());
}

TEST_F(Disk, AFileIsNoFolder) {
  std::ofstream(folder / "file") << "x";
  EXPECT_EQ(disk_info((folder / "file" / "run").string()).path, folder.string());
}

TEST_F(Disk, ARelativeFolderBecomesAbsolute) {
  EXPECT_EQ(disk_info("no_such_folder/run").path, fs::current_path().string());
  EXPECT_EQ(disk_info("").path, fs::current_path().string());
}

TEST_F(Disk, TheRootIsTheLastParent) { EXPECT_EQ(disk_info("/no_such_folder").path, "/"); }

}  // namespace
}  // namespace tlaunch
