#include "hardware/gpu/process_names.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "fake_files.h"

namespace tlaunch {
namespace {

TEST(ProcessNames, AreReadWhereTheProcessIsStillThere) {
  std::vector<GpuInfo> gpus(2);
  gpus[0].processes = {{12, "", 5}, {13, "", std::nullopt}};
  gpus[1].processes = {{12, "", 7}};
  name_processes(fake_files({{"/proc/12/comm", "python3\n"}}), gpus);
  EXPECT_EQ(gpus[0].processes[0].name, "python3");
  EXPECT_EQ(gpus[0].processes[1].name, "");
  EXPECT_EQ(gpus[1].processes[0].name, "python3");
}

TEST(ProcessNames, CannotSteerTheTerminal) {
  std::vector<GpuInfo> gpus(1);
  gpus[0].processes = {{12, "", 5}};
  name_processes(fake_files({{"/proc/12/comm", "\x1b[2Jevil\nline\n"}}), gpus);
  EXPECT_EQ(gpus[0].processes[0].name, "[2Jevilline");
}

TEST(ProcessNames, OfThisMachine) {
  std::vector<GpuInfo> gpus(1);
  gpus[0].processes = {{static_cast<unsigned>(getpid()), "", 5}};
  name_processes(system_files(), gpus);
  EXPECT_EQ(gpus[0].processes[0].name, "test_hardware");
}

}  // namespace
}  // namespace tlaunch
