#include "trainer/diagnosis/crash_record.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <thread>

namespace tlaunch {
namespace {

volatile bool falls = true;  // volatile: the compiler must not know the value

int fall(int depth) {
  volatile char room[4096];
  room[0] = static_cast<char>(depth);
  return falls ? fall(depth + 1) + room[0] : 0;
}

TEST(CrashRecordDeathTest, AnOverflowOfTheStackOfAnyThreadIsRecorded) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_EXIT(
      {
        record_crashes(-1, 0);
        std::thread([] { fall(0); }).join();
      },
      testing::KilledBySignal(SIGSEGV), "SIGSEGV \\(segmentation fault\\) in step 0, start_up");
}

}  // namespace
}  // namespace tlaunch
