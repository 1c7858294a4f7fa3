#include "config/batch.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cctype>
#include <sstream>

#include "base/error.h"
#include "config/batch_advice.h"

namespace tlaunch {
namespace {

std::string refusal(std::int64_t effective, std::int64_t ranks, std::optional<std::int64_t> micro,
                    std::optional<std::int64_t> accumulation, const BatchAdvice& advice = {}) {
  try {
    split_batch(effective, ranks, micro, accumulation, 1024, advice);
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
  EXPECT_EQ(split_batch(48, 1, {}, {}, 6).micro_batch, 4);  // not 6: 48 = 4 x 12
  EXPECT_EQ(split_batch(48, 1, {}, {}, 8).micro_batch, 8);
}

TEST(SplitBatch, TakesAnyDivisorWhereNoMultipleOfFourDivides) {
  EXPECT_EQ(split_batch(30, 1, {}, {}, 16).micro_batch, 15);
  EXPECT_EQ(split_batch(7, 1, {}, {}, 3).micro_batch, 1);
}

TEST(SplitBatch, KeepsWhatTheUserFixed) {
  const BatchSplit by_micro = split_batch(512, 1, 128, {}, 4);  // above the limit, but fixed by the user
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
            "train.effective_batch_size=256 cannot be divided equally among 3 ranks; nearest settings that work: "
            "train.effective_batch_size=255 or 258, or 2 ranks");
  EXPECT_EQ(refusal(256, 2, 96, {}),
            "train.effective_batch_size=256 is not a multiple of train.batch_size=96 x 2 ranks; nearest settings that "
            "work: train.effective_batch_size=192 or 384, or train.batch_size=64 or 128");
  EXPECT_EQ(refusal(512, 1, 96, 5),
            "train.effective_batch_size=512 is not train.batch_size=96 x train.gradient_accumulation_steps=5 x 1 rank; "
            "nearest settings that work: train.effective_batch_size=480, or train.batch_size=64 or 128 with "
            "train.gradient_accumulation_steps=auto");
  EXPECT_EQ(refusal(2, 4, {}, {}),
            "train.effective_batch_size=2 cannot be divided equally among 4 ranks; nearest settings that work: "
            "train.effective_batch_size=4, or 2 ranks");
}

TEST(SplitBatch, ARefusalSuggestsNoMoreSamplesThanThereAreAndInAResumeNoOtherBatch) {
  EXPECT_EQ(refusal(256, 3, 64, {}),
            "train.effective_batch_size=256 cannot be divided equally among 3 ranks; nearest settings that work: "
            "train.effective_batch_size=192 or 384, or 2 ranks");
  EXPECT_EQ(refusal(256, 3, 64, {}, {.train_samples = 300}),
            "train.effective_batch_size=256 cannot be divided equally among 3 ranks; nearest settings that work: "
            "train.effective_batch_size=192, or 2 ranks");
  EXPECT_EQ(refusal(256, 3, 128, {}, {.train_samples = 300}),
            "train.effective_batch_size=256 cannot be divided equally among 3 ranks; nearest settings that work: "
            "train.effective_batch_size=255 or 258 with train.batch_size=auto, or 2 ranks");
  EXPECT_EQ(refusal(256, 2, 96, {}, {.train_samples = 0, .other_effective = false}),
            "train.effective_batch_size=256 is not a multiple of train.batch_size=96 x 2 ranks; nearest settings that "
            "work: train.batch_size=64 or 128");
}

TEST(LargerThanData, NamesTheLargestBatchThatCanBeShared) {
  EXPECT_EQ(larger_than_data(70000, 60000, 7, 64, {}),
            "train.effective_batch_size=70000 is more than the 60000 training samples; the largest possible "
            "is train.effective_batch_size=59584");
  EXPECT_EQ(larger_than_data(512, 300, 2, 64, 4),
            "train.effective_batch_size=512 is more than the 300 training samples; the largest possible is "
            "train.effective_batch_size=256 with train.gradient_accumulation_steps=auto");
  EXPECT_EQ(larger_than_data(8, 5, 8, {}, {}),
            "train.effective_batch_size=8 is more than the 5 training samples; start at most 5 ranks");
}

struct Asked {
  std::int64_t effective, ranks;
  std::optional<std::int64_t> micro, accumulation;
};

// The settings suggested by a text such as "train.batch_size=64 or 128 with train.gradient_accumulation_steps=auto".
std::vector<Asked> suggested(const std::string& text, const Asked& asked) {
  const auto number = [](const std::string& word) { return static_cast<std::int64_t>(std::stoll(word)); };
  std::vector<Asked> all;
  std::istringstream words(text);
  std::size_t first = 0;  // of the alternative being read
  std::string key, word;
  while (words >> word) {
    const bool ends = word.ends_with(',');
    if (ends) word.pop_back();
    const auto equals = word.find('=');
    const std::string value = equals == std::string::npos ? word : word.substr(equals + 1);
    if (equals != std::string::npos) key = word.substr(0, equals);
    if (value == "auto") {
      for (std::size_t i = first; i < all.size(); ++i)
        (key == "train.batch_size" ? all[i].micro : all[i].accumulation).reset();
    } else if (std::isdigit(static_cast<unsigned char>(value[0])) != 0) {
      Asked one = asked;
      if (key == "train.effective_batch_size") one.effective = number(value);
      if (key == "train.batch_size") one.micro = number(value);
      if (key == "train.gradient_accumulation_steps") one.accumulation = number(value);
      if (key.empty()) one.ranks = number(value);
      all.push_back(one);
    }
    if (!ends) continue;
    first = all.size();
    key.clear();
  }
  return all;
}

RC_GTEST_PROP(SplitBatchProperty, WhatARefusalSuggestsIsAccepted, ()) {
  const auto fixed = [] {
    return *rc::gen::arbitrary<bool>() ? std::optional(*rc::gen::inRange<std::int64_t>(1, 40)) : std::nullopt;
  };
  const Asked asked{*rc::gen::inRange<std::int64_t>(1, 600), *rc::gen::inRange<std::int64_t>(1, 12), fixed(), fixed()};
  const auto samples = *rc::gen::inRange<std::int64_t>(1, 700);
  const bool resumed = *rc::gen::arbitrary<bool>() && asked.effective <= samples;
  const BatchAdvice advice{samples, !resumed};
  const auto refused = [&](const Asked& one) -> std::string {
    try {
      split_batch(one.effective, one.ranks, one.micro, one.accumulation, 1024, advice);
    } catch (const UsageError& error) {
      return error.what();
    }
    return one.effective <= samples ? ""
                                    : larger_than_data(one.effective, samples, one.ranks, one.micro, one.accumulation);
  };
  const std::string why = refused(asked);
  if (why.empty()) return;
  RC_LOG(why);
  const std::string mark =
      why.find("nearest settings that work: ") != std::string::npos ? "nearest settings that work: " : "possible is ";
  if (why.find(mark) == std::string::npos) {
    RC_ASSERT(asked.ranks > samples);
    return;
  }
  const auto all = suggested(why.substr(why.find(mark) + mark.size()), asked);
  RC_ASSERT(!all.empty());
  for (const Asked& one : all) {
    RC_ASSERT(refused(one) == "");
    if (resumed) RC_ASSERT(one.effective == asked.effective);
  }
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
  const auto fixed = [](bool is) { return is ? std::optional(*rc::gen::inRange<std::int64_t>(1, 65)) : std::nullopt; };
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
