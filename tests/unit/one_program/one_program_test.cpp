// Launcher and trainer in one program, as a Python module may have them. That it links, with all of both, is the test:
// a function of one name in two rooms would not. scripts/check_rooms looks for types of one name.
#include <gtest/gtest.h>

#include "processes/group/this_machine.h"
#include "trainer/libtorch_version.h"

namespace tlaunch {
namespace {

TEST(OneProgram, HoldsAllOfLauncherAndTrainer) {
  EXPECT_FALSE(host_name().empty());
  EXPECT_EQ(version_in(""), "");
}

}  // namespace
}  // namespace tlaunch
