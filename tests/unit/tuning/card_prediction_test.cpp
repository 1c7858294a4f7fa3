// Answers for cards that are not here: the figures that teams measured, and what must hold of every prediction.
#include "tuning/card_prediction.h"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "base/error.h"
#include "hardware/gpu/gpu_table.h"
#include "hardware/gpu/known_card.h"
#include "tuning/batch_limit.h"

namespace tlaunch {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr std::uint64_t gb = 1'000'000'000;
constexpr MemoryLine line{0.4e9, 20e6};  // of ours here; only the bytes of a sample go with us
constexpr std::int64_t parameters = 10'000'000;

Json value(const Plan& plan, const std::string& key) { return plan.find(key)->value; }

RunConfig config_of(std::int64_t effective, std::int64_t image_px = 0) {
  RunConfig config;
  config.train.effective_batch_size = effective;
  if (image_px > 0) config.data.options.set("image_size", image_px);
  return config;
}

TEST(TeamsTable, ThePriorLiesInsideTheRangesOfTheTeams) {
  // Micro-batches at 384 and 512 px of a team's own runs.
  struct Row {
    const char* card;
    std::int64_t low_384, high_384, low_512, high_512;
  };
  for (const Row& row :
       {Row{"rtx_4090", 32, 64, 16, 32}, Row{"rtx_3080", 16, 32, 8, 16}, Row{"rtx_3060:12GB", 8, 16, 4, 8},
        Row{"rtx_3060:8GB", 8, 16, 4, 8}, Row{"gtx_1080", 4, 8, 2, 4}}) {
    HardwareProfile hardware;
    hardware.gpus = {known_card(row.card)};
    for (const auto& [px, low, high] : {std::tuple{384, row.low_384, row.high_384}, {512, row.low_512, row.high_512}}) {
      const Plan plan = prior_plan(config_of(192, px), hardware, {"image", true, 1});
      const auto batch = value(plan, "train.batch_size").get<std::int64_t>();
      EXPECT_GE(batch, low) << row.card << " " << px;
      EXPECT_LE(batch, high) << row.card << " " << px;
      EXPECT_EQ(batch % 4, 0) << row.card << " " << px;
      EXPECT_EQ(batch * value(plan, "train.gradient_accumulation_steps").get<std::int64_t>(), 192);
    }
  }
}

TEST(TeamsTable, MixedPrecisionIsOffOnTheOldestCardsAndOnOnTheOthers) {
  for (const char* card : {"rtx_4090", "rtx_3080", "rtx_3060:12GB", "rtx_3060:8GB"})
    EXPECT_NE(
        value(predict_for_card(config_of(64), known_card(card), "image", line, parameters).plan, "gpu.mixed_precision"),
        "off")
        << card;
  EXPECT_EQ(value(predict_for_card(config_of(64), known_card("gtx_1080"), "image", line, parameters).plan,
                  "gpu.mixed_precision"),
            "off");
}

TEST(CardPrediction, TakesTheLargestBatchThatFitsAndSaysWhy) {
  // RTX 3060 12 GB: 85 % are 10.2 GB. 0.8 GB + 4 copies of 40 MB + 14 MB a sample: room for 660.
  const auto prediction = predict_for_card(config_of(4096), known_card("rtx_3060:12GB"), "image", line, parameters);
  EXPECT_EQ(prediction.budget_bytes, 10'200'000'000u);
  EXPECT_EQ(value(prediction.plan, "train.batch_size"), 512);
  EXPECT_EQ(value(prediction.plan, "train.gradient_accumulation_steps"), 8);
  EXPECT_EQ(prediction.peak_bytes, 800'000'000u + 160'000'000u + 512ull * 14'000'000);
  EXPECT_EQ(prediction.plan.find("train.batch_size")->origin, Origin::predicted);
  EXPECT_THAT(prediction.plan.find("train.batch_size")->reason,
              AllOf(HasSubstr("10.2 GB"), HasSubstr("512 x 8 x 1 rank = 4096")));
}

TEST(CardPrediction, AnOpenEffectiveBatchIsTheReference) {
  auto config = config_of(256);
  config.train.effective_batch_size.reset();
  const auto plan = predict_for_card(config, known_card("rtx_3060:12GB"), "image", {0, 100e6}, parameters).plan;
  EXPECT_EQ(value(plan, "train.effective_batch_size"), 256);
  EXPECT_EQ(value(plan, "train.batch_size").get<int>() * value(plan, "train.gradient_accumulation_steps").get<int>(),
            256);
  EXPECT_EQ(value(plan, "train.learning_rate"), 0.001);
  EXPECT_EQ(plan.find("train.effective_batch_size")->origin, Origin::predicted);
}

TEST(CardPrediction, OneThatIsTooSmallIsRefusedWithTheFigures) {
  try {
    predict_for_card(config_of(64), known_card("gtx_1080"), "image", {0, 9e9}, parameters);
    FAIL() << "8 GB cannot hold a sample of 9 GB";
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(),
                AllOf(HasSubstr("GTX 1080"), HasSubstr("7.2 GB"), HasSubstr("micro-batch 1 needs 9.96 GB")));
  }
}

TEST(CardPrediction, AFixedBatchThatIsTooLargeIsRefusedByItsOwnNeed) {
  auto config = config_of(1024);
  config.train.batch_size = 1024;
  try {
    predict_for_card(config, known_card("rtx_3060:8GB"), "image", line, parameters);
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("15.3 GB"));  // 0.96 + 1024 x 14 MB
  }
}

TEST(CardPrediction, BelowAMultipleOfFourOnlyWhereTheMemoryForcesIt) {
  const auto prediction = predict_for_card(config_of(64), known_card("gtx_1080"), "image", {0, 2e9}, parameters);
  EXPECT_EQ(value(prediction.plan, "train.batch_size"), 2);
}

GpuInfo random_card() {
  const auto& cards = gpu_table().cards;
  const GpuCard card = *rc::gen::elementOf(cards);
  const double memory_gb = *rc::gen::elementOf(card.memory_gb);
  return known_card(card.id + ":" + std::to_string(static_cast<int>(memory_gb)) + "GB");
}

RC_GTEST_PROP(CardPredictionProperty, NeverLargerForASmallerMemoryBudgetAtEqualPrecision, ()) {
  const auto config = config_of(*rc::gen::element<std::int64_t>(1, 48, 64, 250, 256, 360, 1024, 4096));
  const MemoryLine needs{0, *rc::gen::inRange(1, 4'000) * 1e6};
  const auto count = *rc::gen::inRange<std::int64_t>(1, 400'000'000);
  const auto predict = [&](const GpuInfo& card) -> std::optional<CardPrediction> {
    try {
      return predict_for_card(config, card, "image", needs, count);
    } catch (const UsageError&) {
      return std::nullopt;
    }
  };
  GpuInfo small_card = random_card(), large_card = random_card();
  auto small = predict(small_card), large = predict(large_card);
  if (small && large && small->budget_bytes > large->budget_bytes) std::swap(small, large);
  for (const auto& one : {small, large}) {
    if (!one) continue;
    RC_ASSERT(one->peak_bytes <= one->budget_bytes);
    RC_ASSERT(value(one->plan, "train.batch_size").get<std::int64_t>() *
                  value(one->plan, "train.gradient_accumulation_steps").get<std::int64_t>() ==
              config.train.effective_batch_size);
    for (const Choice& choice : one->plan.choices)
      RC_ASSERT(choice.origin == (choice.key == "train.effective_batch_size" ? Origin::user : Origin::predicted));
  }
  if (!small || !large || value(small->plan, "gpu.mixed_precision") != value(large->plan, "gpu.mixed_precision"))
    return;
  const auto batch = [](const CardPrediction& one) { return value(one.plan, "train.batch_size").get<std::int64_t>(); };
  // A multiple of 4 that has come to fit may be smaller than the odd batch that memory forced before.
  const bool forced = batch(*small) % 4 != 0 && batch(*large) % 4 == 0;
  RC_ASSERT(forced || batch(*small) <= batch(*large));
}

TEST(CardPrediction, LessMemoryOfTheSameCardNeverMeansMore) {
  for (const std::int64_t effective : {48, 64, 256, 1024}) {
    std::int64_t before = 0;
    for (std::uint64_t memory = 4 * gb; memory <= 48 * gb; memory += gb / 4) {
      GpuInfo card = known_card("rtx_3060");
      card.memory_total_bytes = card.memory_free_bytes = memory;
      const auto batch =
          value(predict_for_card(config_of(effective), card, "image", {0, 200e6}, parameters).plan, "train.batch_size")
              .get<std::int64_t>();
      EXPECT_GE(batch, before) << memory;
      before = batch;
    }
  }
}

TEST(CardPrediction, WhatTheUserFixedIsHis) {
  auto config = config_of(64);
  config.train.batch_size = 16;
  config.gpu.mixed_precision = Precision::fp32;
  const auto prediction = predict_for_card(config, known_card("rtx_3060"), "image", line, parameters);
  EXPECT_EQ(value(prediction.plan, "train.batch_size"), 16);
  EXPECT_EQ(prediction.plan.find("train.batch_size")->origin, Origin::user);
  EXPECT_EQ(prediction.plan.find("gpu.mixed_precision")->origin, Origin::user);
  EXPECT_EQ(prediction.peak_bytes, 960'000'000u + 16u * 20'000'000u);  // no discount for mixed precision
}

// The card may be elsewhere, the loader is planned for the CPU that is known.
TEST(CardPrediction, LoaderThreadsFollowTheCpu) {
  CpuInfo cpu;
  cpu.allowed_cores = 8;
  const auto plan = predict_for_card(config_of(64), known_card("rtx_3060"), "image", {0, 100e6}, parameters, cpu).plan;
  EXPECT_GT(value(plan, "data.num_workers"), 1);
}

}  // namespace
}  // namespace tlaunch
