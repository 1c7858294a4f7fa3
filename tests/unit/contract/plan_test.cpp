#include "contract/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "config/schema.h"

namespace tlaunch {
namespace {

using testing::AllOf;
using testing::HasSubstr;

Plan sample() {
  Plan plan;
  plan.world_size = 2;
  plan.samples_per_s = 1500.5;
  plan.choices = {{"train.batch_size", 64, Origin::prior, "CPU: at most 64."},
                  {"train.effective_batch_size", 256, Origin::user, "asked for"},
                  {"gpu.mixed_precision", "bf16", Origin::measured, "faster"},
                  {"gpu.tf32", true, Origin::team, "team file"},
                  {"log.log_interval", 50, Origin::cache, "as before"}};
  return plan;
}

Plan with(const std::string& key, const Json& value) {
  Plan plan;
  plan.choices = {{key, value, Origin::prior, ""}};
  return plan;
}

std::string error_of(const std::function<void()>& run) {
  try {
    run();
  } catch (const DataError& error) {
    return error.what();
  }
  return "";
}

TEST(Plan, JsonHasEachChoiceByItsKey) {
  EXPECT_EQ(to_json(sample()).at("plan").at("gpu.mixed_precision").dump(),
            R"({"value":"bf16","origin":"measured","reason":"faster"})");
  EXPECT_EQ(to_json(sample()).at("world_size"), 2);
  EXPECT_EQ(to_json(sample()).at("format"), 2);
}

TEST(Plan, JsonReadsBackTheSame) {
  const Plan back = plan_from_json(Json::parse(to_json(sample()).dump()));
  EXPECT_EQ(to_json(back).dump(), to_json(sample()).dump());
  EXPECT_EQ(back.samples_per_s, 1500.5);
  EXPECT_EQ(back.find("gpu.tf32")->origin, Origin::team);
  EXPECT_EQ(back.find("nothing"), nullptr);
}

// As written by versions before the format number.
TEST(Plan, TheFirstFormatWithItsShortNamesIsRead) {
  Json json = to_json(sample()), choices = Json::object();
  for (const auto& [key, choice] : json.at("plan").items()) choices[short_name(key)] = choice;
  choices["save_interval"] = {{"value", 500}, {"origin", "measured"}, {"reason", ""}};
  json["plan"] = choices;
  json.erase("format");
  ASSERT_TRUE(json["plan"].contains("batch_size")) << json;
  const Plan plan = plan_from_json(json);
  EXPECT_EQ(plan.find("train.batch_size")->value, 64);
  EXPECT_EQ(plan.find("gpu.mixed_precision")->origin, Origin::measured);
  EXPECT_EQ(plan.find("checkpoint.every_n_steps")->value, 500);
  EXPECT_EQ(plan.choices.size(), 6u);
}

TEST(Plan, ALaterFormatIsRefusedWithItsNumber) {
  Json json = to_json(sample());
  json["format"] = plan_format + 1;
  EXPECT_THAT(error_of([&] { plan_from_json(json); }), AllOf(HasSubstr("format 3"), HasSubstr("formats up to 2")));
}

TEST(Plan, WhatIsNotAPlanIsADataError) {
  for (const char* text :
       {"{}", "[]", "3", R"({"plan":[],"world_size":1})", R"({"plan":{"gpu.tf32":{"value":true}},"world_size":1})",
        R"({"plan":{"tf32":{"value":true,"origin":"oracle","reason":""}},"world_size":1})",
        R"({"plan":{},"world_size":1,"format":"two"})", R"({"plan":{},"world_size":"two"})"})
    EXPECT_THROW(plan_from_json(Json::parse(text)), DataError) << text;
}

TEST(Plan, AnUnknownKeyIsAnErrorThatNamesIt) {
  EXPECT_THAT(error_of([] { apply({}, with("train.batchsize", 8)); }),
              AllOf(HasSubstr("'train.batchsize'"), HasSubstr("did you mean train.batch_size?")));
  for (const char* key : {"batch_size", "seed", "train.epochs", "checkpoint.dirpath", "no.such.key", ""})
    EXPECT_THAT(error_of([&] { apply({}, with(key, 8)); }), HasSubstr(std::string("'") + key + "'")) << key;
  Json json = to_json(sample());
  json["plan"]["train.epochs"] = {{"value", 3}, {"origin", "prior"}, {"reason", ""}};
  EXPECT_THAT(error_of([&] { plan_from_json(json); }), HasSubstr("'train.epochs'"));
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

// A value that the key accepts and that differs from its default.
Json some_value(const std::string& key) {
  switch (schema_key(key)->rule.type) {
    case OptionType::boolean: return true;
    case OptionType::integer: return 7;
    case OptionType::real: return 0.75;
    case OptionType::text: return "bf16";
  }
  return nullptr;
}

TEST(Plan, EveryPlannedKeyIsAConfigKeyThatApplyFills) {
  RunConfig open;
  open.train.effective_batch_size.reset();
  for (const std::string& key : planned_keys()) {
    ASSERT_NE(schema_key(key), nullptr) << key;
    EXPECT_EQ(planned_value(apply(open, with(key, some_value(key))), key), some_value(key)) << key;
  }
}

TEST(Plan, AValuesTextReadsBackAsTheValue) {
  for (const Json& value : {Json(64), Json(0.75), Json(true), Json("bf16"), Json("off")})
    EXPECT_EQ(value_of_text(value_text(value)), value) << value;
}

TEST(Plan, TheLearningRateIsThePlansOnlyWhereTheEffectiveBatchIs) {
  RunConfig config;
  config.train.learning_rate = 0.5;
  config.train.effective_batch_size = 64;
  EXPECT_EQ(apply(config, with("train.learning_rate", 0.25)).train.learning_rate, 0.5);
  config.train.effective_batch_size.reset();
  EXPECT_EQ(apply(config, with("train.learning_rate", 0.25)).train.learning_rate, 0.25);
}

TEST(Plan, TheSaveIntervalIsThePlansOnlyWhereTheConfigHasNoneOfAnyKind) {
  const Plan plan = with("checkpoint.every_n_steps", 500);
  RunConfig config;
  config.checkpoint.every_n_epochs = 1;
  EXPECT_FALSE(apply(config, plan).checkpoint.every_n_steps);
  config.checkpoint = {};
  config.checkpoint.every_minutes = 5;
  EXPECT_FALSE(apply(config, plan).checkpoint.every_n_steps);
}

TEST(Plan, AValueThatTheConfigDoesNotTakeIsADataErrorThatNamesTheKey) {
  for (const auto& [key, value] : {std::pair<const char*, Json>{"train.batch_size", "64"},
                                   {"train.batch_size", 1.5},
                                   {"train.batch_size", 0},
                                   {"data.num_workers", "auto"},
                                   {"gpu.tf32", 1},
                                   {"gpu.mixed_precision", "int8"},
                                   {"gpu.mixed_precision", "auto"},
                                   {"gpu.mixed_precision", true}}) {
    EXPECT_THAT(error_of([&] { apply({}, with(key, value)); }), HasSubstr(key)) << value;
    EXPECT_THAT(error_of([&] { plan_from_json(to_json(with(key, value))); }), HasSubstr(key)) << value;
  }
}

}  // namespace
}  // namespace tlaunch
