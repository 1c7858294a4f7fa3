#include "tuning/forecast.h"

#include <gmock/gmock.h>

#include "core/error.h"
#include "tuning/history.h"

namespace tlaunch {
namespace {

RunConfig config() {
  RunConfig config;
  config.train.epochs = 10;
  config.train.effective_batch_size = 100;
  config.eval.every_n_epochs = 1;
  config.checkpoint.every_n_epochs = 2;
  config.checkpoint.save_top_k = 1;
  config.checkpoint.save_last = true;
  config.log.log_interval = 10;
  return config;
}

Pace pace() {
  Pace pace;
  pace.step = {0.018, 0.020, 0.023};
  pace.wait_share = 0.1;
  pace.start_s = 1.5;
  pace.build_s = 0.5;
  pace.evaluation_fixed_s = 0.1;
  pace.evaluation_sample_s = 0.001;
  pace.save_copy_s = 0.01;
  pace.save_bytes = 1'000'000;
  pace.facts = {5050, 900, 1000, false};
  return pace;
}

TEST(Forecast, EachPartFromItsOwnRate) {
  const RunWork work = work_of(config(), pace(), 0);
  EXPECT_EQ(work.steps, 500);
  EXPECT_EQ(work.evaluations, 10);
  EXPECT_EQ(work.checkpoints, 5);
  const TimeEstimate time = forecast(config(), pace(), work);
  EXPECT_NEAR(time.parts.at("start_up"), 2, 1e-9);
  EXPECT_NEAR(time.parts.at("steps"), 9, 1e-9);
  EXPECT_NEAR(time.parts.at("data_wait"), 1, 1e-9);
  EXPECT_NEAR(time.parts.at("evaluation"), 10, 1e-9);
  EXPECT_NEAR(time.parts.at("checkpoints"), 0.05, 1e-9);
  double sum_s = 0;
  for (const auto& [part, seconds] : time.parts) sum_s += seconds;
  EXPECT_NEAR(sum_s, time.likely_s, 1e-9);
  EXPECT_NEAR(time.likely_s - time.low_s, 1, 1e-9);
  EXPECT_NEAR(time.high_s - time.likely_s, 1.5, 1e-9);
  const TimeEstimate tuned = with_part(time, "tuning", 3);
  EXPECT_NEAR(tuned.likely_s, time.likely_s + 3, 1e-9);
  EXPECT_EQ(tuned.parts.at("tuning"), 3);
}

TEST(Forecast, OfAResumedRunOnlyTheRest) {
  const RunWork work = work_of(config(), pace(), 450);
  EXPECT_EQ(work.steps, 50);
  EXPECT_EQ(work.evaluations, 1);
  EXPECT_EQ(work.checkpoints, 1);
  EXPECT_EQ(work_of(config(), pace(), 500).steps, 0);
}

TEST(Forecast, ASaveThatIsNotDoneByTheNextHoldsItUp) {
  Pace large = pace();
  large.save_bytes = 4'000'000'000;  // 20 s to write, one every 2 s
  const RunWork work = work_of(config(), large, 0);
  EXPECT_NEAR(forecast(config(), large, work).parts.at("checkpoints"), 5 * (0.01 + 20.05 - 2), 0.01);
}

TEST(Forecast, Disk) {
  const RunWork work = work_of(config(), pace(), 0);
  const DiskEstimate disk = disk_forecast(config(), pace(), work);
  EXPECT_EQ(disk.checkpoints, 5);
  EXPECT_EQ(disk.log_bytes, 50u * 500);
  EXPECT_EQ(disk.final_bytes, 2'000'000u + disk.log_bytes);
  EXPECT_EQ(disk.peak_bytes, 3'000'000u + disk.log_bytes);
}

TEST(Forecast, AnEpochWithoutAStepIsRefused) {
  RunConfig too_large = config();
  too_large.train.effective_batch_size = 6000;
  EXPECT_THROW(work_of(too_large, pace(), 0), UsageError);
}

TimeEstimate hundred_seconds() { return {97, 100, 104, {{"steps", 90}, {"evaluation", 10}}}; }

TEST(History, OfAMachineNothingIsKnownOfTheBandIsTheExpectedOne) {
  const TimeEstimate time = calibrated(hundred_seconds(), {}, "a");
  EXPECT_EQ(time.likely_s, 100);
  EXPECT_NEAR(time.low_s, 93, 1.5);
  EXPECT_NEAR(time.high_s, 115, 2);
}

TEST(History, ManyRunsSayWhereTheBandIs) {
  std::vector<Outcome> history;
  for (int i = 0; i < 50; ++i) history.push_back({"other", 100, 100.0 + i});
  const TimeEstimate time = calibrated(hundred_seconds(), history, "a");
  EXPECT_EQ(time.likely_s, 100) << "other jobs widen the band, they do not move the middle";
  EXPECT_NEAR(time.high_s, 145, 3);
  EXPECT_NEAR(time.low_s, 97, 6);
}

TEST(History, TheSameJobsOwnRunsCorrectTheMiddle) {
  std::vector<Outcome> history(50, {"a", 100, 120});
  history.insert(history.begin(), {"other", 100, 300});
  const TimeEstimate time = calibrated(hundred_seconds(), history, "a");
  EXPECT_NEAR(time.likely_s, 120, 1e-9);
  EXPECT_NEAR(time.parts.at("steps"), 108, 1e-9);
  EXPECT_LE(time.low_s, time.likely_s);
  EXPECT_GE(time.high_s, time.likely_s);
}

TEST(History, ReadsItsOwnLinesAndPassesOverOthers) {
  const std::string line = to_json(Outcome{"a", 10, 12}).dump();
  const auto outcomes = outcomes_from_lines(line + "\nnonsense\n{\"job\":3}\n{\"job\":\"a\",\"estimated_s\":-1,\"actual_s\":2}\n[]\n" + line);
  ASSERT_EQ(outcomes.size(), 2u);
  EXPECT_EQ(outcomes[1].job, "a");
  EXPECT_EQ(outcomes[1].actual_s, 12);
}

TEST(PaceOfARehearsal, LeavesOutTheFirstVisitAndCountsAllMicroBatches) {
  TrialSettings settings;
  settings.accumulation = 8;
  const TrialSpec spec = rehearsal(settings, 2);
  EXPECT_EQ(spec.candidates[0].accumulation, 4);
  EXPECT_TRUE(spec.with_loader && spec.whole_run);
  TrialResult result;
  result.candidates = {{{0.001, 0.1, 0.1, 0.1}, {0.9, 0.2, 0.2, 0.2}, 0, 0, 4}};
  const auto pace = pace_of(spec, result, 8);
  ASSERT_TRUE(pace);
  EXPECT_NEAR(pace->step.likely_s, 0.2, 1e-9);
  EXPECT_NEAR(pace->wait_share, 0.2, 1e-9);
  const Pace again = pace_from_json(to_json(*pace));
  EXPECT_EQ(again.step.likely_s, pace->step.likely_s);
  EXPECT_THROW(pace_from_json(Json::object()), DataError);
  result.outcome = TrialOutcome::out_of_memory;
  EXPECT_FALSE(pace_of(spec, result, 8));
}

}  // namespace
}  // namespace tlaunch
