#include "hardware/disk_speed.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "tests/support/temp_dir.h"

namespace tlaunch {
namespace {

namespace fs = std::filesystem;

TEST(DiskSpeed, IsMeasuredAndLeavesNothingBehind) {
  const test::TempDir folder;
  const DiskSpeed speed = measure_write_speed(folder.path().string());
  ASSERT_TRUE(speed.write_bytes_per_s) << speed.problem;
  EXPECT_GT(*speed.write_bytes_per_s, 10e3);
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST(DiskSpeed, SaysWhyAFolderCannotBeWritten) {
  const DiskSpeed missing = measure_write_speed("/no/such/folder");
  EXPECT_FALSE(missing.write_bytes_per_s);
  EXPECT_EQ(missing.problem, "No such file or directory");
  EXPECT_FALSE(measure_write_speed("/proc").write_bytes_per_s);
  EXPECT_FALSE(measure_write_speed("/proc").problem.empty());
}

TEST(DiskSpeed, ReadOnlyFolderIsAProblemNotAnError) {
  if (geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  const test::TempDir folder;
  fs::permissions(folder.path(), fs::perms::owner_read | fs::perms::owner_exec);
  EXPECT_EQ(measure_write_speed(folder.path().string()).problem, "Permission denied");
}

}  // namespace
}  // namespace tlaunch
