#include "hardware/wsl.h"

#include <gmock/gmock.h>

#include "fake_files.h"

namespace tlaunch {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(Wsl, TellsWsl2FromWsl1AndFromLinux) {
  EXPECT_TRUE(is_wsl2("Linux version 5.15.90.1-microsoft-standard-WSL2 (oe-user@oe-host) (gcc 9.3.0) #1 SMP"));
  EXPECT_FALSE(
      is_wsl2("Linux version 4.4.0-19041-Microsoft (Microsoft@Microsoft.com) (gcc version 5.4.0 (GCC) ) #1237"));
  EXPECT_FALSE(is_wsl2("Linux version 6.1.0-18-amd64 (debian-kernel@lists.debian.org) (gcc-12) #1 SMP"));
  EXPECT_FALSE(is_wsl2(""));
}

TEST(Wsl, WithoutAGpuItSaysWhatToCheck) {
  const auto lines = wsl_advice(fake_files({}), false, 12'000'000'000, "ext4");
  EXPECT_THAT(lines, Contains(AllOf(HasSubstr("Windows side"), HasSubstr("wsl --update"))));
  EXPECT_THAT(lines, Contains(HasSubstr("/usr/lib/wsl/lib/libcuda.so is missing")));
  EXPECT_THAT(lines, Contains(AllOf(HasSubstr("12 GB"), HasSubstr(".wslconfig"), HasSubstr("memory="))));
  EXPECT_THAT(wsl_advice(fake_files({{"/usr/lib/wsl/lib/libcuda.so", "x"}}), false, 1, "ext4"),
              Contains(HasSubstr("libcuda.so exists")));
}

TEST(Wsl, WithAGpuOnlyMemoryIsExplained) {
  const auto lines = wsl_advice(fake_files({}), true, 12'000'000'000, "ext4");
  EXPECT_THAT(lines, Contains(HasSubstr(".wslconfig")));
  EXPECT_THAT(lines, Each(Not(HasSubstr("no GPU"))));
  EXPECT_THAT(lines, Each(Not(HasSubstr("Windows drive"))));
}

TEST(Wsl, ARunFolderOnAWindowsDriveIsWarnedOf) {
  EXPECT_THAT(wsl_advice(fake_files({}), true, 1, "drvfs"), Contains(HasSubstr("Linux home folder")));
}

}  // namespace
}  // namespace tlaunch
