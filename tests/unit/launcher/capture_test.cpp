#include "launcher/group/capture.h"

#include <gtest/gtest.h>

#include <chrono>

namespace tlaunch {
namespace {

TEST(RunCaptured, TakesOutputAndExitCode) {
  const Captured seen = run_captured({"/bin/sh", "-c", "echo out; echo err >&2; exit 7"}, 60);
  EXPECT_EQ(seen.exit_code, 7);
  EXPECT_EQ(seen.out + seen.err, "out\nerr\n");
  EXPECT_FALSE(seen.timed_out);
}

TEST(RunCaptured, DoesNotWaitForAProgramThatClosesItsOutputAndRunsOn) {
  const auto began = std::chrono::steady_clock::now();
  const Captured seen = run_captured({"/bin/sh", "-c", "echo out; exec >&- 2>&-; exec sleep 600"}, 1);
  EXPECT_TRUE(seen.timed_out);
  EXPECT_EQ(seen.out, "out\n");
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(60));
}

}  // namespace
}  // namespace tlaunch
