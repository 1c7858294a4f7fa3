#include "tuning/search/batch_candidates.h"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "base/error.h"

namespace tlaunch {
namespace {

using ::testing::ElementsAre;

TrainConfig effective(std::int64_t batch) {
  TrainConfig train;
  train.effective_batch_size = batch;
  return train;
}

std::vector<std::int64_t> micro(const std::vector<BatchSplit>& splits) {
  std::vector<std::int64_t> batches;
  for (const auto& split : splits) batches.push_back(split.micro_batch);
  return batches;
}

TEST(BatchCandidates, AreMultiplesOfFourUnlessMemoryForces) {
  EXPECT_THAT(micro(batch_candidates(effective(48), 2)), ElementsAre(4, 8, 12, 24));
  EXPECT_THAT(micro(batch_candidates(effective(48), 2, true)), ElementsAre(1, 2, 3, 4, 6, 8, 12, 24));
  EXPECT_THAT(micro(batch_candidates(effective(30), 1)), ElementsAre(1, 2, 3, 5, 6, 10, 15, 30));  // none divides it
}

TEST(BatchCandidates, WhatTheUserFixedIsTheOnlyOne) {
  auto train = effective(48);
  train.batch_size = 6;
  EXPECT_THAT(micro(batch_candidates(train, 2)), ElementsAre(6));
  train.batch_size.reset();
  train.gradient_accumulation_steps = 4;
  EXPECT_THAT(micro(batch_candidates(train, 2, true)), ElementsAre(6));
}

TEST(BatchCandidates, APairOfSixTimesEightIsOfferedAsFourTimesTwelveOrEightTimesSix) {
  // A team's 6 x 8 on a GTX 1080 is no multiple of 4; its effective batch of 48 is.
  const auto all = batch_candidates(effective(48), 1);
  EXPECT_EQ(all[0].micro_batch * 100 + all[0].accumulation, 412);
  EXPECT_EQ(all[1].micro_batch * 100 + all[1].accumulation, 806);
}

TEST(BatchCandidates, RanksThatCannotShareAreRefused) { EXPECT_THROW(batch_candidates(effective(255), 2), UsageError); }

RC_GTEST_PROP(BatchCandidatesProperty, EachKeepsTheProductInAscendingOrder, ()) {
  const std::int64_t ranks = *rc::gen::inRange<std::int64_t>(1, 9), share = *rc::gen::inRange<std::int64_t>(1, 3000);
  const auto all = batch_candidates(effective(ranks * share), ranks, *rc::gen::arbitrary<bool>());
  RC_ASSERT(!all.empty());
  RC_ASSERT(all.back().micro_batch <= share);
  for (std::size_t i = 0; i < all.size(); ++i) {
    RC_ASSERT(all[i].effective() == ranks * share);
    if (i > 0) RC_ASSERT(all[i - 1].micro_batch < all[i].micro_batch);
  }
}

TEST(SmallestWithinThreePercent, TakesTheSmallestOfTheGoodOnes) {
  const auto pick = [](const std::vector<BatchPace>& paces) {
    const auto* chosen = smallest_within_3_percent(paces);
    return chosen ? chosen->split.micro_batch : 0;
  };
  EXPECT_EQ(pick({{{8, 1, 1}, 960}, {{16, 1, 1}, 971}, {{32, 1, 1}, 1000}}), 16);
  EXPECT_EQ(pick({{{32, 1, 1}, 1000}, {{16, 1, 1}, 970}}), 16);
  EXPECT_EQ(pick({{{8, 1, 1}, 0}, {{16, 1, 1}, 0}}), 0);
  EXPECT_EQ(pick({}), 0);
}

}  // namespace
}  // namespace tlaunch
