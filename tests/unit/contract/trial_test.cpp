#include "contract/trial.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.h"

namespace tlaunch {
namespace {

TrialSpec sample_spec() {
  TrialSpec spec;
  spec.id = 7;
  spec.candidates = {{32, 4, Precision::fp32, false, true, false},
                     {64, 2, Precision::bf16, true, false, true, 3, 2, 4, true}};
  spec.rounds = 20;
  spec.visit_s = 0.05;
  spec.abandon_ratio = 1.1;
  spec.with_loader = true;
  spec.whole_run = true;
  return spec;
}

TrialResult sample_result() {
  TrialResult result;
  result.id = 7;
  result.candidates = {{{0.011, 0.012}, {0.25, 0.5}, 2.3, 1.9, 22}, {{0.006}, {}, 2.3, 1.91, 12}};
  result.abandoned = true;
  result.peak_bytes = 5'000'000'000;
  result.idle_bytes = 300'000'000;
  result.make_batch_s = 0.002;
  result.log_cost_s = 1e-4;
  result.gpu_log_cost_s = 1e-3;
  result.save_copy_s = 0.004;
  result.save_bytes = 59'000'000;
  result.facts = {60'000, 10'000, 1'234'567, true};
  return result;
}

// Through text, as over the pipe.
Json sent(const Json& json) { return Json::parse(json.dump()); }

TEST(Trial, ASpecArrivesAsItWasSent) {
  EXPECT_EQ(trial_spec_from_json(sent(to_json(sample_spec()))), sample_spec());
  for (const Precision precision : {Precision::fp32, Precision::fp16, Precision::bf16}) {
    TrialSettings settings;
    settings.precision = precision;
    EXPECT_EQ(trial_settings_from_json(sent(to_json(settings))), settings);
  }
}

TEST(Trial, AResultArrivesAsItWasSent) {
  const auto back = trial_result_from_json(sent(to_json(sample_result())));
  EXPECT_EQ(to_json(back), to_json(sample_result()));
  ASSERT_EQ(back.candidates.size(), 2u);
  EXPECT_EQ(back.candidates[0].step_times_s, (std::vector<double>{0.011, 0.012}));
  EXPECT_EQ(back.candidates[1].last_loss, 1.91);
  EXPECT_EQ(back.candidates[1].steps, 12);
  EXPECT_TRUE(back.abandoned);
  EXPECT_EQ(back.peak_bytes, 5'000'000'000u);
  EXPECT_EQ(back.idle_bytes, 300'000'000u);
  EXPECT_EQ(back.facts.parameters, 1'234'567);
  EXPECT_TRUE(back.facts.batch_norm);
}

TEST(Trial, ALossThatIsNotFiniteStaysWhatItIs) {
  auto result = sample_result();
  result.candidates[0].last_loss = std::numeric_limits<double>::quiet_NaN();
  result.candidates[1].first_loss = -std::numeric_limits<double>::infinity();
  result.candidates[1].last_loss = std::numeric_limits<double>::infinity();
  const auto back = trial_result_from_json(sent(to_json(result)));
  EXPECT_TRUE(std::isnan(back.candidates[0].last_loss));
  EXPECT_EQ(back.candidates[1].first_loss, -std::numeric_limits<double>::infinity());
  EXPECT_EQ(back.candidates[1].last_loss, std::numeric_limits<double>::infinity());
}

TEST(Trial, AnAnswerFitsTheEventPipe) {
  // Lines of over 4096 bytes are cut (contract/event_writer.h): the largest trials are pairs of 20 rounds and 6 batches of 6.
  TrialResult result = sample_result();
  const double time_s = 0.012345678901234567;
  result.candidates.assign(2, {std::vector<double>(20, time_s), {}, 2.3000000000000003, 1.9000000000000001, 2000});
  EXPECT_LT(to_json(result).dump().size(), 3800u);
  result.candidates.assign(6, {std::vector<double>(6, time_s), {}, 2.3000000000000003, 1.9000000000000001, 2000});
  EXPECT_LT(to_json(result).dump().size(), 3800u);
}

TEST(Trial, AFieldThatIsMissingOrOfAnotherTypeIsADataError) {
  const auto each_damaged = [](const Json& good, auto parse) {
    for (const auto& [key, value] : good.items()) {
      Json json = good;
      json.erase(key);
      EXPECT_THROW(parse(json), DataError) << "without " << key;
      json[key] = Json::array({"text"});
      EXPECT_THROW(parse(json), DataError) << key;
    }
    for (const char* text : {"null", "3", "[]", "{}", "\"text\""})
      EXPECT_THROW(parse(Json::parse(text)), DataError) << text;
  };
  each_damaged(to_json(sample_spec()), trial_spec_from_json);
  each_damaged(to_json(sample_spec().candidates[0]), trial_settings_from_json);
  each_damaged(to_json(sample_result()), trial_result_from_json);
}

TEST(Trial, WhatCannotBeTrainedIsADataError) {
  auto spec = sample_spec();
  spec.candidates.clear();
  EXPECT_THROW(trial_spec_from_json(to_json(spec)), DataError);
  for (const char* key : {"micro_batch", "accumulation", "threads", "prefetch_factor"}) {
    Json settings = to_json(TrialSettings{});
    settings[key] = 0;
    EXPECT_THROW(trial_settings_from_json(settings), DataError);
  }
  Json settings = to_json(TrialSettings{});
  settings["precision"] = "int4";
  EXPECT_THROW(trial_settings_from_json(settings), DataError);
}

TEST(Trial, SettingsPutIntoAConfigAreReadBackFromIt) {
  const TrialSettings settings{16, 8, Precision::fp16, true, true, true, 4, 3, 2, true};
  EXPECT_EQ(trial_settings_of(with_trial_settings({}, settings)), settings);
}

TEST(Trial, SettingsAreThoseOfAConfigWithoutAuto) {
  RunConfig config;
  config.train.batch_size = 16;
  config.train.gradient_accumulation_steps = 8;
  config.gpu.mixed_precision = Precision::fp16;
  config.gpu.tf32 = true;
  config.gpu.cudnn_benchmark = false;
  EXPECT_THROW(trial_settings_of(config), std::bad_optional_access);
  config.gpu.channels_last = true;
  config.launch.threads_per_rank = 4;
  config.data.num_workers = 3;
  config.data.prefetch_factor = 2;
  config.data.pin_memory = true;
  EXPECT_EQ(trial_settings_of(config), (TrialSettings{16, 8, Precision::fp16, true, false, true, 4, 3, 2, true}));
}

}  // namespace
}  // namespace tlaunch
