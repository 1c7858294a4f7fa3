#include "core/batch.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/error.h"

namespace tlaunch {
namespace {

std::string refusal(std::int64_t effective, std::int64_t ranks, std::optional<std::int64_t> micro,
                    std::optional<std::int64_t> accumulation) {
  try {
    split_batch(effective, ranks, micro, accumulation, 1024);
    return "";
  } catch (const UsageError& error) {
    return error.what();
  }
}

TEST(SplitBatch, TakesTheLargestMultipleOfFourWithinTheLimit) {
  const BatchSplit split = split_batch(256, 2, {}, {}, 100);
  EXPECT_EQ(split.micro_batch, 64);
  EXPECT_EQ(split.accumulation, 2);
}

TEST(SplitBatch, PrefersAMultipleOfFourToALargerOtherDivisor) {
  EXPECT_EQ(split_batch(48, 1, {}, {}, 6).micro_batch, 4);  // not 6: 48 = 4 x 12 (sources C)
  EXPECT_EQ(split_batch(48, 1, {}, {}, 8).micro_batch, 8);
}

TEST(SplitBatch, TakesAnyDivisorWhereNoMultipleOfFourDivides) {
  EXPECT_EQ(split_batch(30, 1, {}, {}, 16).micro_batch, 15);
  EXPECT_EQ(split_batch(7, 1, {}, {}, 3).micro_batch, 1);
}

TEST(SplitBatch, KeepsWhatTheUserFixed) {
  const BatchSplit by_micro = split_batch(512, 1, 128, {}, 4);  // beyond the limit, but asked for
  EXPECT_EQ(by_micro.micro_batch, 128);
  EXPECT_EQ(by_micro.accumulation, 4);
  const BatchSplit by_accumulation = split_batch(512, 2, {}, 4, 1024);
  EXPECT_EQ(by_accumulation.micro_batch, 64);
  const BatchSplit both = split_batch(48, 1, 6, 8, 1);
  EXPECT_EQ(both.micro_batch, 6);
  EXPECT_EQ(both.accumulation, 8);
}

TEST(SplitBatch, RefusalsNameTheNearestValuesThatWork) {
  EXPECT_EQ(refusal(256, 3, {}, {}),
            "train.effective_batch_size=256 cannot be shared equally by 3 ranks; nearest that do: "
            "train.effective_batch_size=255 or 258");
  EXPECT_EQ(refusal(256, 2, 96, {}),
            "train.effective_batch_size=256 is no multiple of train.batch_size=96 x 2 ranks; nearest that do: "
            "train.effective_batch_size=192 or 384, or train.batch_size=64 or 128");
  EXPECT_EQ(refusal(512, 1, 96, 5),
            "train.effective_batch_size=512 is not train.batch_size=96 x train.gradient_accumulation_steps=5 x 1 rank; "
            "nearest that do: train.effective_batch_size=480, or train.batch_size=64 or 128 with "
            "train.gradient_accumulation_steps=auto");
  EXPECT_EQ(refusal(2, 4, {}, {}),
            "train.effective_batch_size=2 cannot be shared equally by 4 ranks; nearest that do: "
            "train.effective_batch_size=4");
}

TEST(SplitBatch, RefusesNonsense) {
  for (const std::int64_t bad : {std::int64_t{0}, std::int64_t{-4}, INT64_MAX, INT64_MIN}) {
    EXPECT_NE(refusal(bad, 1, {}, {}), "");
    EXPECT_NE(refusal(256, bad, {}, {}), "");
    EXPECT_NE(refusal(256, 1, bad, {}), "");
    EXPECT_NE(refusal(256, 1, {}, bad), "");
    EXPECT_NE(refusal(256, 1, bad, bad), "");
  }
  EXPECT_NE(refusal(256, 1 << 30, 1 << 30, 1 << 30), "");  // a product beyond 64 bits
}

RC_GTEST_PROP(SplitBatchProperty, ProductRuleHoldsOrItIsRefused, ()) {
  const auto effective = *rc::gen::inRange<std::int64_t>(1, 5000);
  const auto ranks = *rc::gen::inRange<std::int64_t>(1, 17);
  const auto limit = *rc::gen::inRange<std::int64_t>(1, 600);
  const auto fix_micro = *rc::gen::arbitrary<bool>(), fix_accumulation = *rc::gen::arbitrary<bool>();
  const auto fixed = [](bool is) {
    return is ? std::optional(*rc::gen::inRange<std::int64_t>(1, 65)) : std::nullopt;
  };
  const auto micro = fixed(fix_micro), accumulation = fixed(fix_accumulation);
  BatchSplit split;
  try {
    split = split_batch(effective, ranks, micro, accumulation, limit);
  } catch (const UsageError&) {
    RC_ASSERT(effective % (micro.value_or(1) * accumulation.value_or(1) * ranks) != 0 ||
              (micro && accumulation && *micro * *accumulation * ranks != effective));
    return;
  }
  RC_ASSERT(split.effective() == effective);
  RC_ASSERT(split.world_size == ranks);
  if (micro) RC_ASSERT(split.micro_batch == *micro);
  if (accumulation) RC_ASSERT(split.accumulation == *accumulation);
  if (micro || accumulation) return;
  RC_ASSERT(split.micro_batch <= limit);
  const auto per_rank = effective / ranks;
  for (std::int64_t larger = split.micro_batch + 1; larger <= std::min(limit, per_rank); ++larger)
    if (per_rank % larger == 0) RC_ASSERT(larger % 4 != 0 && split.micro_batch % 4 == 0);
  if (split.micro_batch % 4 != 0)
    for (std::int64_t four = 4; four <= std::min(limit, per_rank); four += 4) RC_ASSERT(per_rank % four != 0);
}

}  // namespace
}  // namespace tlaunch
