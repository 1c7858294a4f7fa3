#include "processes/guard/capture.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <string>

#include "base/units.h"
#include "processes/guard/process_tree.h"
#include "processes/guard/signal_takeover.h"

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

TEST(RunCaptured, AtTheLimitAllThatTheProgramStartedIsKilled) {
  for (const char* script : {"sleep 600 & sleep 601", "setsid sleep 600 & exit 3", "(sleep 600 &) ; exec sleep 601"}) {
    const Captured seen = run_captured({"/bin/sh", "-c", script}, 0.5);
    EXPECT_EQ(seen.exit_code, std::string(script).ends_with("exit 3") ? 3 : 137) << script;
    EXPECT_TRUE(children_of(::getpid()).empty()) << script;
    EXPECT_TRUE(descendants_of(::getpid()).empty()) << script;
  }
}

TEST(RunCaptured, LeavesOtherChildrenOfOursAlone) {
  const pid_t other = ::fork();
  if (other == 0) {
    ::execl("/bin/sleep", "sleep", "600", nullptr);
    ::_exit(1);
  }
  EXPECT_TRUE(run_captured({"/bin/sleep", "600"}, 0.2).timed_out);
  EXPECT_NE(state_of(other), 'Z');
  ::kill(other, SIGKILL);
  EXPECT_TRUE(wait_for_child(other, 10));
}

TEST(RunCaptured, ALongWaitIsToldOnce) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(run_captured({"/bin/sleep", "0.1"}, 60, "asking W what it can do").exit_code, 0);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  testing::internal::CaptureStderr();
  EXPECT_EQ(run_captured({"/bin/sleep", "4"}, 60, "asking W what it can do").exit_code, 0);
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "tlaunch: asking W what it can do; waiting up to " + format_duration(60) + "\n");
}

TEST(RunCaptured, AHeldSignalEndsAWaitThatIsNamed) {
  const SignalHold hold;
  ::kill(::getpid(), SIGTERM);
  const Captured seen = run_captured({"/bin/sleep", "600"}, 60, "waiting");
  EXPECT_TRUE(seen.stopped);
  EXPECT_FALSE(seen.timed_out);
}

}  // namespace
}  // namespace tlaunch
