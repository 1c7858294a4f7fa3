#include "trainer/libtorch_version.h"

#include <gtest/gtest.h>

namespace tlaunch {
namespace {

TEST(LibtorchVersion, IsFoundInTheBuildSettings) {
  EXPECT_EQ(version_in("PERF_WITH_AVX2=1, TORCH_VERSION=2.11.0, USE_CUDA=ON, "), "2.11.0");
  EXPECT_EQ(version_in("TORCH_VERSION=2.15.0a0\n"), "2.15.0a0");
  EXPECT_EQ(version_in("PyTorch built with:\n  - GCC 13.3\n"), "");
}

TEST(LibtorchVersion, OfTheOneThatIsLoadedIsTheOneCompiledWith) { EXPECT_NO_THROW(check_libtorch_version()); }

}  // namespace
}  // namespace tlaunch
