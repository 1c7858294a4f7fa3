#include <gtest/gtest.h>

#include "fake_files.h"
#include "hardware/disk.h"

namespace tlaunch {
namespace {

const std::string mounts =
    "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
    "40 27 0:50 / /home rw,relatime shared:1 - nfs4 server:/export rw,vers=4.2\n"
    "41 40 0:51 / /home/ann/scratch\\040disk rw - xfs /dev/sdb rw\n"
    "42 27 0:52 / /mnt/c rw,noatime - 9p C:\\134 rw,dirsync,aname=drvfs;path=C:\\;uid=1000\n"
    "43 27 0:53 / /mnt/share rw - 9p share rw,trans=virtio\n"
    "44 27 0:54 / /dev/shm rw - tmpfs tmpfs rw\n"
    "45 44 0:55 / /dev/shm rw - tmpfs again rw\n"
    "46 27 0:56 / /data rw - overlay overlay rw\n"
    "47 46 0:57 / /data rw master:1 propagate_from:2 - btrfs /dev/sdc rw\n";

std::string type_of(const std::string& path) {
  return file_system_type(fake_files({{"/proc/self/mountinfo", mounts}}), path);
}

TEST(DiskType, IsThatOfTheDeepestMountAroundTheFolder) {
  EXPECT_EQ(type_of("/"), "ext4");
  EXPECT_EQ(type_of("/srv/runs"), "ext4");
  EXPECT_EQ(type_of("/home"), "nfs4");
  EXPECT_EQ(type_of("/home/ann/runs"), "nfs4");
  EXPECT_EQ(type_of("/homework"), "ext4");
  EXPECT_EQ(type_of("/dev/shm/x"), "tmpfs");
}

TEST(DiskType, OfSeveralMountsInOnePlaceTheLastCounts) { EXPECT_EQ(type_of("/data/runs"), "btrfs"); }

TEST(DiskType, BlanksInANameAreUnderstood) { EXPECT_EQ(type_of("/home/ann/scratch disk/a"), "xfs"); }

TEST(DiskType, AWindowsDriveIsToldFromOther9p) {
  EXPECT_EQ(type_of("/mnt/c/Users/ann"), "drvfs");
  EXPECT_EQ(type_of("/mnt/share"), "9p");
}

TEST(DiskType, UnknownWithoutMountinfo) { EXPECT_EQ(file_system_type(fake_files({}), "/"), ""); }

}  // namespace
}  // namespace tlaunch
