#include "hardware/cgroup.h"

#include <gmock/gmock.h>

#include "fake_files.h"

namespace tlaunch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Cgroup, V2GoesFromTheProcessUpToTheMountPoint) {
  const auto files =
      fake_files({{"/proc/self/cgroup", "0::/user.slice/job_7/step\n"}, {"/proc/self/mountinfo", v2_mounts}});
  EXPECT_THAT(cgroup_folders(files, ""),
              ElementsAre("/sys/fs/cgroup/user.slice/job_7/step", "/sys/fs/cgroup/user.slice/job_7",
                          "/sys/fs/cgroup/user.slice", "/sys/fs/cgroup"));
  EXPECT_THAT(cgroup_folders(files, "memory"), IsEmpty());
}

TEST(Cgroup, V1FindsAControllerThatSharesItsHierarchy) {
  const auto files =
      fake_files({{"/proc/self/cgroup", "5:cpuacct,cpu:/a\n4:memory:/b/c\n"}, {"/proc/self/mountinfo", v1_mounts}});
  EXPECT_THAT(cgroup_folders(files, "cpu"), ElementsAre("/sys/fs/cgroup/cpu,cpuacct/a", "/sys/fs/cgroup/cpu,cpuacct"));
  EXPECT_THAT(cgroup_folders(files, "memory"),
              ElementsAre("/sys/fs/cgroup/memory/b/c", "/sys/fs/cgroup/memory/b", "/sys/fs/cgroup/memory"));
}

TEST(Cgroup, AContainerThatMountsItsOwnGroupSeesItAtTheMountPoint) {
  const auto files = fake_files(
      {{"/proc/self/cgroup", "4:memory:/docker/3f2a/inner\n"},
       {"/proc/self/mountinfo", "35 31 0:32 /docker/3f2a /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n"}});
  EXPECT_THAT(cgroup_folders(files, "memory"), ElementsAre("/sys/fs/cgroup/memory/inner", "/sys/fs/cgroup/memory"));
}

TEST(Cgroup, AGroupOutsideTheMountedTreeGivesTheMountPointAlone) {
  const auto elsewhere =
      fake_files({{"/proc/self/cgroup", "0::/docker/3f2ab\n"},
                  {"/proc/self/mountinfo", "31 23 0:28 /docker/3f2a /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"}});
  EXPECT_THAT(cgroup_folders(elsewhere, ""), ElementsAre("/sys/fs/cgroup"));
  const auto above = fake_files({{"/proc/self/cgroup", "0::/../other\n"}, {"/proc/self/mountinfo", v2_mounts}});
  EXPECT_THAT(cgroup_folders(above, ""), ElementsAre("/sys/fs/cgroup"));
}

TEST(Cgroup, NothingWhereProcOrSysIsMissing) {
  EXPECT_THAT(cgroup_folders(fake_files({}), ""), IsEmpty());
  EXPECT_THAT(cgroup_folders(fake_files({{"/proc/self/cgroup", "0::/\n"}}), ""), IsEmpty());
  EXPECT_THAT(
      cgroup_folders(fake_files({{"/proc/self/cgroup", "0::/\n"}, {"/proc/self/mountinfo", "garbage\n- -\n"}}), ""),
      IsEmpty());
}

}  // namespace
}  // namespace tlaunch
