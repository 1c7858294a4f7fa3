#include "worker/step_down.h"

#include <gtest/gtest.h>

namespace tlaunch {
namespace {

TEST(StepDown, HalvesTheMicroBatchAndKeepsTheEffectiveBatch) {
  const auto next = stepped_down({16, 3, 2});
  ASSERT_TRUE(next);
  EXPECT_EQ(next->micro_batch, 8);
  EXPECT_EQ(next->accumulation, 6);
  EXPECT_EQ(next->effective(), 16 * 3 * 2);
}

TEST(StepDown, OfAnOddMicroBatchTakesALesserOneThatDividesARanksShare) {
  EXPECT_EQ(stepped_down({15, 2, 1})->micro_batch, 6);  // of 30: 7 does not divide it
  EXPECT_EQ(stepped_down({7, 1, 4})->micro_batch, 1);
}

TEST(StepDown, EndsAtOneAndNeverChangesTheEffectiveBatch) {
  for (std::int64_t micro_batch = 1; micro_batch <= 100; ++micro_batch) {
    for (std::int64_t accumulation = 1; accumulation <= 12; ++accumulation) {
      const BatchSplit first{micro_batch, accumulation, 3};
      auto last = first;
      while (const auto next = stepped_down(last)) {
        ASSERT_LE(next->micro_batch, last.micro_batch / 2);
        ASSERT_EQ(next->effective(), first.effective());
        last = *next;
      }
      EXPECT_EQ(last.micro_batch, 1);
    }
  }
}

}  // namespace
}  // namespace tlaunch
