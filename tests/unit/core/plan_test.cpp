#include "core/plan.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace tlaunch {
namespace {

Plan sample() {
  Plan plan;
  plan.world_size = 2;
  plan.samples_per_s = 1500.5;
  plan.choices = {{"batch_size", 64, Origin::prior, "CPU: at most 64."},
                  {"effective_batch_size", 256, Origin::user, "asked for"},
                  {"mixed_precision", "bf16", Origin::measured, "faster"},
                  {"tf32", true, Origin::team, "team file"},
                  {"log_interval", 50, Origin::cache, "as before"}};
  return plan;
}

TEST(Plan, JsonHasEachChoiceByItsKey) {
  EXPECT_EQ(to_json(sample()).at("plan").at("mixed_precision").dump(),
            R"({"value":"bf16","origin":"measured","reason":"faster"})");
  EXPECT_EQ(to_json(sample()).at("world_size"), 2);
}

TEST(Plan, JsonReadsBackTheSame) {
  const Plan back = plan_from_json(Json::parse(to_json(sample()).dump()));
  EXPECT_EQ(to_json(back).dump(), to_json(sample()).dump());
  EXPECT_EQ(back.samples_per_s, 1500.5);
  EXPECT_EQ(back.find("tf32")->origin, Origin::team);
  EXPECT_EQ(back.find("nothing"), nullptr);
}

TEST(Plan, WhatIsNoPlanIsADataError) {
  for (const char* text :
       {"{}", "[]", "3", R"({"plan":[],"world_size":1})", R"({"plan":{"tf32":{"value":true}},"world_size":1})",
        R"({"plan":{"tf32":{"value":true,"origin":"oracle","reason":""}},"world_size":1})",
        R"({"plan":{},"world_size":"two"})"})
    EXPECT_THROW(plan_from_json(Json::parse(text)), DataError) << text;
}

TEST(Plan, ApplyFillsWhatIsAutoAndKeepsWhatTheUserFixed) {
  RunConfig config;
  config.gpu.tf32 = false;
  const RunConfig applied = apply(config, sample());
  EXPECT_EQ(applied.train.batch_size, 64);
  EXPECT_EQ(applied.gpu.mixed_precision, Precision::bf16);
  EXPECT_EQ(applied.log.log_interval, 50);
  EXPECT_EQ(applied.gpu.tf32, false);
  EXPECT_FALSE(applied.gpu.channels_last.has_value());
  EXPECT_EQ(applied.train.effective_batch_size, config.train.effective_batch_size);
}

TEST(Plan, ApplyKnowsEveryKeyThatMayBeAuto) {
  Plan plan;
  for (const char* key : {"batch_size", "gradient_accumulation_steps", "warmup_steps", "num_workers", "prefetch_factor",
                          "threads_per_rank", "log_interval", "gpu_log_interval", "save_interval"})
    plan.choices.push_back({key, 7, Origin::prior, ""});
  for (const char* key : {"tf32", "cudnn_benchmark", "channels_last", "pin_memory"})
    plan.choices.push_back({key, true, Origin::prior, ""});
  plan.choices.push_back({"mixed_precision", "off", Origin::prior, ""});
  const RunConfig c = apply({}, plan);
  for (const auto& number : {c.train.batch_size, c.train.gradient_accumulation_steps, c.train.warmup_steps,
                             c.data.num_workers, c.data.prefetch_factor, c.launch.threads_per_rank, c.log.log_interval,
                             c.log.gpu_log_interval, c.checkpoint.every_n_steps})
    EXPECT_EQ(number, 7);
  for (const auto& flag : {c.gpu.tf32, c.gpu.cudnn_benchmark, c.gpu.channels_last, c.data.pin_memory})
    EXPECT_EQ(flag, true);
  EXPECT_EQ(c.gpu.mixed_precision, Precision::fp32);
}

TEST(Plan, TheSaveIntervalIsThePlansOnlyWhereTheConfigHasNoneOfAnyKind) {
  Plan plan;
  plan.choices.push_back({"save_interval", 500, Origin::measured, ""});
  RunConfig config;
  config.checkpoint.every_n_epochs = 1;
  EXPECT_FALSE(apply(config, plan).checkpoint.every_n_steps);
  config.checkpoint = {};
  config.checkpoint.every_minutes = 5;
  EXPECT_FALSE(apply(config, plan).checkpoint.every_n_steps);
}

TEST(Plan, AValueOfTheWrongTypeIsADataError) {
  for (const auto& [key, value] : {std::pair<const char*, Json>{"batch_size", "64"},
                                   {"batch_size", 1.5},
                                   {"tf32", 1},
                                   {"mixed_precision", "int8"},
                                   {"mixed_precision", true}}) {
    Plan plan;
    plan.choices = {{key, value, Origin::prior, ""}};
    EXPECT_THROW(apply({}, plan), DataError) << key << value;
  }
}

}  // namespace
}  // namespace tlaunch
