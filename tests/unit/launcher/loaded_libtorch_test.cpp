#include "launcher/group/loaded_libtorch.h"

#include <gmock/gmock.h>

namespace tlaunch {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(LoadedLibtorch, IsWhatTheLoaderSays) {
  EXPECT_THAT(libtorch_in("\tlinux-vdso.so.1 (0x00007ffd)\n"
                          "\t/decoy/libtorch_cpu.so (0x00007f01)\n"
                          "\tlibtorch.so => /venv/torch/lib/libtorch.so (0x00007f02)\n"
                          "\tlibc10_cuda.so => not found\n"
                          "\tlibstdc++.so.6 => /lib/libstdc++.so.6 (0x00007f03)\n"
                          "\tlibm.so.6 => /opt/libtorch/lib/libm.so.6 (0x00007f04)\n"),
              ElementsAre("/decoy/libtorch_cpu.so", "/venv/torch/lib/libtorch.so", "libc10_cuda.so: not found"));
  EXPECT_THAT(libtorch_in(""), IsEmpty());
  EXPECT_THAT(libtorch_in("\n \n=>\nx =>\n"), IsEmpty());
}

TEST(LoadedLibtorch, OfAProgramWithoutItThereIsNothingToSay) {
  EXPECT_EQ(libtorch_advice("/bin/sh"), "");
  EXPECT_EQ(libtorch_advice("/nowhere/worker"), "");
}

}  // namespace
}  // namespace tlaunch
