#include "worker/sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <vector>

#include "base/error.h"
#include "tests/unit/data/fixture.h"

namespace tlaunch {
namespace {

using Indices = std::vector<std::int64_t>;

Indices first(const Indices& order, std::size_t n) {
  return {order.begin(), order.begin() + static_cast<std::ptrdiff_t>(n)};
}

TEST(Sampler, OrderIsTheOnePythonComputes) {
  // Computed by an independent Python program from the definition in docs/data.md.
  const BatchSplit one{1, 1, 1};
  EXPECT_EQ(Sampler(10, 0, one).permutation(0), (Indices{7, 5, 1, 6, 8, 4, 3, 2, 0, 9}));
  EXPECT_EQ(first(Sampler(60000, 0, one).permutation(0), 10),
            (Indices{14146, 23527, 10022, 47253, 29475, 4256, 45344, 48117, 16778, 13327}));
  EXPECT_EQ(first(Sampler(60000, 0, one).permutation(1), 5), (Indices{17993, 51166, 19970, 23876, 47419}));
  EXPECT_EQ(first(Sampler(60000, 7, one).permutation(3), 5), (Indices{54780, 32886, 26654, 31579, 29408}));
  EXPECT_EQ(first(Sampler(60000, -1, one).permutation(0), 5), (Indices{50507, 44921, 33612, 14558, 35408}));
}

TEST(Sampler, EachEpochIsAPermutationOfItsOwn) {
  for (const std::int64_t samples : {1, 2, 3, 17, 1000}) {
    std::set<Indices> seen;
    for (std::int64_t epoch = 0; epoch < 5; ++epoch) {
      Indices order = Sampler(samples, 42, {1, 1, 1}).permutation(epoch);
      seen.insert(order);
      std::sort(order.begin(), order.end());
      Indices all(static_cast<std::size_t>(samples));
      std::iota(all.begin(), all.end(), 0);
      EXPECT_EQ(order, all);
    }
    if (samples > 10) {
      EXPECT_EQ(seen.size(), 5u) << "epochs of " << samples << " samples repeat each other";
    }
  }
}

TEST(Sampler, FirstPlaceIsTakenByEverySampleAboutEquallyOften) {
  constexpr int samples = 8, epochs = 8000;
  std::vector<int> count(samples);
  const Sampler sampler(samples, 3, {1, 1, 1});
  for (int epoch = 0; epoch < epochs; ++epoch) ++count[static_cast<std::size_t>(sampler.permutation(epoch)[0])];
  for (const int c : count) EXPECT_NEAR(c, epochs / samples, 150);  // five standard deviations
}

// All of step `step`, rank by rank and micro-batch by micro-batch.
std::vector<Indices> parts_of_step(const Sampler& sampler, const BatchSplit& split, const Indices& order,
                                   std::int64_t step) {
  std::vector<Indices> parts;
  for (std::int64_t micro = 0; micro < split.accumulation; ++micro) {
    for (std::int64_t rank = 0; rank < split.world_size; ++rank) {
      const auto part = sampler.micro_batch(order, step, micro, rank);
      EXPECT_EQ(static_cast<std::int64_t>(part.size()), split.micro_batch);
      parts.emplace_back(part.begin(), part.end());
    }
  }
  return parts;
}

TEST(Sampler, AStepTrainsTheSameSamplesHoweverItIsSplit) {
  constexpr std::int64_t samples = 500, effective = 24;
  for (const BatchSplit split :
       {BatchSplit{24, 1, 1}, {1, 24, 1}, {12, 1, 2}, {6, 2, 2}, {4, 2, 3}, {8, 1, 3}, {3, 2, 4}, {1, 1, 24}}) {
    ASSERT_EQ(split.effective(), effective);
    const Sampler sampler(samples, 5, split);
    const Indices order = sampler.permutation(2);
    ASSERT_EQ(sampler.steps_per_epoch(), samples / effective);
    std::set<std::int64_t> epoch;
    for (std::int64_t step = 0; step < sampler.steps_per_epoch(); ++step) {
      std::set<std::int64_t> of_step;
      for (const auto& part : parts_of_step(sampler, split, order, step)) of_step.insert(part.begin(), part.end());
      EXPECT_EQ(static_cast<std::int64_t>(of_step.size()), effective) << "ranks and micro-batches are disjoint";
      const std::set<std::int64_t> expected(order.begin() + step * effective, order.begin() + (step + 1) * effective);
      EXPECT_EQ(of_step, expected);
      epoch.insert(of_step.begin(), of_step.end());
    }
    // The remainder, and nothing else, is left out; no sample is shown twice.
    EXPECT_EQ(static_cast<std::int64_t>(epoch.size()), samples - samples % effective);
  }
}

TEST(Sampler, LeavesOutAnotherRemainderEachEpoch) {
  const Sampler sampler(1000, 0, {64, 1, 1});
  const auto left_out = [&](std::int64_t epoch) {
    const Indices order = sampler.permutation(epoch);
    return std::set<std::int64_t>(order.begin() + sampler.steps_per_epoch() * 64, order.end());
  };
  EXPECT_EQ(left_out(0).size(), 40u);
  EXPECT_NE(left_out(0), left_out(1));
}

TEST(Sampler, RefusesAnEffectiveBatchLargerThanTheData) {
  const std::string message = message_of<UsageError>([] { Sampler(100, 0, {64, 2, 1}); });
  EXPECT_NE(message.find("effective_batch_size"), std::string::npos) << message;
  EXPECT_NE(message.find("100"), std::string::npos) << message;
  EXPECT_NO_THROW(Sampler(128, 0, {64, 2, 1}));
}

}  // namespace
}  // namespace tlaunch
