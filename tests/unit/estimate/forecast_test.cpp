#include "estimate/forecast.h"

#include <gmock/gmock.h>

#include "core/error.h"
#include "estimate/history.h"

namespace tlaunch {
namespace {

RunConfig config() {
  RunConfig config;
  config.train.epochs = 10;
  config.train.effective_batch_size = 100;
  config.train.batch_size = 50;
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
  EXPECT_NEAR(time.parts.at("start_up").likely_s, 2, 1e-9);
  EXPECT_NEAR(time.parts.at("steps").likely_s, 9, 1e-9);
  EXPECT_NEAR(time.parts.at("data_wait").likely_s, 1, 1e-9);
  EXPECT_NEAR(time.parts.at("evaluation").likely_s, 10, 1e-9);
  EXPECT_NEAR(time.parts.at("checkpoints").likely_s, 0.05, 1e-9);
  double sum_s = 0;
  for (const auto& [part, seconds] : time.parts) sum_s += seconds.likely_s;
  EXPECT_NEAR(sum_s, time.likely_s, 1e-9);
  EXPECT_NEAR(time.likely_s - time.low_s, 1, 1e-9);
  EXPECT_NEAR(time.high_s - time.likely_s, 1.5, 1e-9);
  const TimeEstimate tuned = with_part(time, "tuning", 3);
  EXPECT_NEAR(tuned.likely_s, time.likely_s + 3, 1e-9);
  EXPECT_EQ(tuned.parts.at("tuning").likely_s, 3);
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
  EXPECT_NEAR(forecast(config(), large, work).parts.at("checkpoints").likely_s, 5 * (0.01 + 20.05 - 2), 0.01);
}

TEST(Forecast, Disk) {
  const RunWork work = work_of(config(), pace(), 0);
  const DiskEstimate disk = disk_forecast(config(), pace(), work);
  EXPECT_EQ(disk.checkpoints, 5);
  EXPECT_EQ(disk.logs.metrics_csv, 60u * 67) << "a line a logged step, and one an evaluation";
  EXPECT_EQ(disk.final_bytes, 2'000'000u + disk.logs.sum());
  EXPECT_EQ(disk.peak_low_bytes, disk.final_bytes)
      << "where the newest is always the best: that one, and the next while it is written";
  EXPECT_EQ(disk.final_low_bytes, 1'000'000u + disk.logs.sum());
  EXPECT_EQ(disk.peak_bytes, 3'000'000u + disk.logs.sum());
}

TEST(Forecast, AnEpochWithoutAStepIsRefused) {
  RunConfig too_large = config();
  too_large.train.effective_batch_size = 6000;
  EXPECT_THROW(work_of(too_large, pace(), 0), UsageError);
}

// A rehearsal that says 90 s of steps, 900 of them, and 10 s of evaluations, 10 of them.
TimeEstimate hundred_seconds() { return {97, 100, 104, {{"steps", {87, 90, 94}}, {"evaluation", {10, 10, 10}}}}; }

TimeEstimate in_the_light_of(const std::vector<Outcome>& history) {
  const Calibration calibration = calibration_of(hundred_seconds(), {{"steps", 900}, {"evaluation", 10}}, history, "a");
  return calibrated(hundred_seconds(), calibration);
}

Outcome ended(const std::string& job, double told_s, double actual_s) { return {job, told_s, actual_s, {}}; }

// Of which rehearsals said `rehearsed_s` for 100 steps that took `actual_s`.
std::vector<Outcome> runs_of_steps(int count, double rehearsed_s, double actual_s) {
  return std::vector<Outcome>(static_cast<std::size_t>(count),
                              {"a", 100, 100, {{"steps", {rehearsed_s, actual_s, 100}}}});
}

TEST(History, OfAMachineNothingIsKnownOfTheBandIsTheExpectedOne) {
  const TimeEstimate time = in_the_light_of({});
  EXPECT_EQ(time.likely_s, 100);
  EXPECT_NEAR(time.low_s, 93, 1.5);
  EXPECT_NEAR(time.high_s, 115, 2);
}

TEST(History, EachPartHasARange) {
  const TimeEstimate time = in_the_light_of({});
  double sum_s = 0;
  for (const auto& [part, range] : time.parts) {
    EXPECT_LT(range.low_s, range.likely_s) << part;
    EXPECT_GT(range.high_s, range.likely_s) << part;
    sum_s += range.likely_s;
  }
  EXPECT_NEAR(sum_s, time.likely_s, 1e-9);
}

TEST(History, ManyRunsSayWhereTheBandIs) {
  std::vector<Outcome> history;
  for (int i = 0; i < 50; ++i) history.push_back(ended("other", 100, 100.0 + i));
  const TimeEstimate time = in_the_light_of(history);
  EXPECT_EQ(time.likely_s, 100) << "other jobs widen the band, they do not move the middle";
  EXPECT_NEAR(time.high_s, 145, 3);
  EXPECT_NEAR(time.low_s, 97, 6);
}

TEST(History, ARehearsalThatIsAlwaysOffByAFifthIsPutRight) {
  // 10 s said, 12 s taken, and the next rehearsal says the same.
  EXPECT_NEAR(in_the_light_of(runs_of_steps(12, 10, 12)).parts.at("steps").likely_s, 108, 1.5);
  EXPECT_EQ(in_the_light_of(runs_of_steps(12, 10, 12)).parts.at("evaluation").likely_s, 10)
      << "of which nothing was seen";
}

TEST(History, WhereRehearsalsWaverAndRunsDoNotTheRunsAreBelieved) {
  std::vector<Outcome> history;
  for (const double rehearsed_s : {8.0, 14.0, 9.0, 15.0, 11.0, 7.0})
    history.push_back({"a", 100, 100, {{"steps", {rehearsed_s, 11, 100}}}});
  // 0.11 s a step every time; the rehearsal now says 0.10 s.
  EXPECT_NEAR(in_the_light_of(history).parts.at("steps").likely_s, 99, 1.5);
}

TEST(History, WhereRunsWaverWithTheMachineTheRehearsalIsBelieved) {
  std::vector<Outcome> history;
  for (const double pace : {8.0, 14.0, 16.0, 15.0, 20.0, 7.0})
    history.push_back({"a", 100, 100, {{"steps", {pace, pace, 100}}}});
  EXPECT_NEAR(in_the_light_of(history).parts.at("steps").likely_s, 90, 3);
}

TEST(History, OneRunOutOfManyHardlyMatters) {
  auto history = runs_of_steps(9, 10, 10);
  history.push_back({"a", 100, 100, {{"steps", {10, 1000, 100}}}});
  EXPECT_NEAR(in_the_light_of(history).parts.at("steps").likely_s, 92, 4);
}

TEST(History, ARunThatWasStoppedTellsOfItsStepsAlone) {
  std::vector<Outcome> history(8, {"a", 0, 0, {{"steps", {10, 15, 100}}}});
  const TimeEstimate time = in_the_light_of(history);
  EXPECT_GT(time.parts.at("steps").likely_s, 125);
  EXPECT_NEAR(time.high_s / time.likely_s, 1.15, 0.03) << "how well estimates hold it does not tell";
}

TEST(History, TheNewestRunsCountMost) {
  auto history = runs_of_steps(8, 10, 10);
  const auto slower = runs_of_steps(4, 10, 14);
  history.insert(history.end(), slower.begin(), slower.end());
  EXPECT_GT(in_the_light_of(history).parts.at("steps").likely_s, 115);
}

TEST(History, ReadsItsOwnLinesAndPassesOverOthers) {
  const Outcome outcome{"a", 10, 12, {{"steps", {8, 9, 100}}}};
  const std::string line = to_json(outcome).dump();
  const auto outcomes = outcomes_from_lines(
      line +
      "\nnonsense\n{\"job\":3}\n{\"job\":\"a\",\"told_s\":-1,\"actual_s\":2}\n[]\n"
      "{\"job\":\"a\",\"told_s\":1,\"actual_s\":2,\"parts\":{\"steps\":7,\"evaluation\":{\"units\":0}}}\n" +
      line);
  ASSERT_EQ(outcomes.size(), 3u);
  EXPECT_TRUE(outcomes[1].parts.empty());
  EXPECT_EQ(outcomes[2].job, "a");
  EXPECT_EQ(outcomes[2].told_s, 10);
  EXPECT_EQ(outcomes[2].actual_s, 12);
  EXPECT_EQ(outcomes[2].parts.at("steps").units, 100);
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
