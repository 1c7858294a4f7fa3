// Figures, time left, summary and progress lines that the launcher makes from the events of a run.
#include "contract/run_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "estimate/eta_tracker.h"
#include "launcher/narration/progress.h"
#include "launcher/run/summary.h"
#include "tests/support/decoded.h"

namespace tlaunch {
namespace {

using testing::Contains;
using testing::HasSubstr;

Json start_event(std::int64_t start_step = 0) {
  return {{"t", 1000.0},
          {"event", "start"},
          {"rank", 0},
          {"device", "cpu"},
          {"train_samples", 3200},
          {"val_samples", 320},
          {"effective_batch_size", 32},
          {"steps_per_epoch", 100},
          {"total_steps", 250},
          {"start_step", start_step},
          {"steps_per_evaluation", 100},
          {"steps_per_checkpoint", 50},
          {"parameters", 10}};
}

Json step_event(std::int64_t step, double t) {
  return {{"t", t},
          {"event", "step"},
          {"rank", 0},
          {"step", step},
          {"epoch", step / 100},
          {"loss", 0.5},
          {"samples", 32 * step},
          {"samples_per_s", 320.0}};
}

TEST(RunRecord, TakesFiguresOfRankZeroAndFailuresOfAll) {
  RunRecord record;
  record.on_event(test::decoded(start_event()));
  record.on_event(test::decoded(step_event(10, 1001)));
  record.on_event(test::decoded({{"event", "step"}, {"rank", 1}, {"step", 99}, {"loss", 9}}));
  record.on_event(test::decoded({{"event", "eval"},
                                 {"rank", 0},
                                 {"step", 100},
                                 {"epoch", 1},
                                 {"val_loss", 0.4},
                                 {"val_accuracy", 0.8},
                                 {"seconds", 2},
                                 {"samples", 320}}));
  record.on_event(test::decoded({{"event", "failure"}, {"rank", 1}, {"message", "no"}, {"exit_code", 65}}));
  EXPECT_EQ(record.step, 100);
  EXPECT_EQ(record.epoch, 1);
  EXPECT_EQ(record.samples, 320);
  EXPECT_EQ(record.metrics,
            (std::map<std::string, double>{{"train_loss", 0.5}, {"val_accuracy", 0.8}, {"val_loss", 0.4}}));
  EXPECT_EQ(record.failures.at(1), "no");
}

TEST(RunRecord, ANonFiniteLossIsKeptAsSuch) {
  RunRecord record;
  record.on_event(test::decoded({{"event", "step"}, {"rank", 0}, {"step", 3}, {"loss", "NaN"}}));
  EXPECT_TRUE(std::isnan(record.loss));
}

TEST(RunRecord, EventsThatLackFieldsOrHaveOthersDoNoHarm) {
  RunRecord record;
  for (const Json& event : {Json{{"rank", 0}, {"event", "start"}},
                            Json{{"rank", 0}, {"event", "step"}, {"step", "x"}, {"loss", Json::array()}},
                            Json{{"rank", 0}, {"event", "end"}, {"metrics", 3}}, Json{{"rank", "a"}, {"event", "end"}}})
    record.on_event(test::decoded(event));
  EXPECT_EQ(record.step, 0);
}

TEST(WorkLeft, CountsWhatStillComesAndTheEnd) {
  RunRecord record;
  record.on_event(test::decoded(start_event()));
  const auto left = [&](std::int64_t step) {
    const Work work = work_left(*record.start, step);
    return std::vector<std::int64_t>{work.steps, work.evaluations, work.saves};
  };
  EXPECT_EQ(left(0), (std::vector<std::int64_t>{250, 3, 5}));  // evaluations at 100, 200 and the end
  EXPECT_EQ(left(100), (std::vector<std::int64_t>{150, 2, 3}));
  EXPECT_EQ(left(249), (std::vector<std::int64_t>{1, 1, 1}));
  EXPECT_EQ(left(250), (std::vector<std::int64_t>{0, 0, 0}));
  EXPECT_EQ(left(300), (std::vector<std::int64_t>{0, 0, 0}));
}

// A run with 0.1 s per step: the estimate and the time left must fit it, and the end of an epoch must be reported.
TEST(EtaTracker, EstimatesOnceAndTellsTheTimeLeftAtEachEpochsEnd) {
  RunRecord record;
  EtaTracker tracker(990, RunConfig{}, {});
  int firsts = 0, announced = 0;
  std::optional<TimeEstimate> at_epoch_end;
  const auto feed = [&](const Json& event) {
    record.on_event(test::decoded(event));
    const EtaReport report = tracker.on_event(test::decoded(event), record);
    firsts += report.first.has_value();
    announced += report.announce;
    if (report.epoch_ended) at_epoch_end = report.remaining;
  };
  feed(start_event());
  for (std::int64_t step = 1; step <= 100; ++step) feed(step_event(step, 1000 + 0.1 * static_cast<double>(step)));
  feed({{"t", 1010.1}, {"event", "epoch_end"}, {"rank", 1}, {"epoch", 1}, {"step", 100}});
  EXPECT_FALSE(at_epoch_end) << "only rank 0 reports the end of an epoch";
  feed({{"t", 1010.1}, {"event", "epoch_end"}, {"rank", 0}, {"epoch", 1}, {"step", 100}});
  EXPECT_EQ(firsts, 1);
  ASSERT_TRUE(tracker.first());
  EXPECT_NEAR(tracker.first()->likely_s, 10 + 25, 2);  // start-up and 250 steps; evaluations are quick
  ASSERT_TRUE(at_epoch_end);
  EXPECT_NEAR(at_epoch_end->likely_s, 15, 2);
  EXPECT_EQ(announced, 2) << "with the first estimate and at the epoch's end";
}

TEST(EtaTracker, AfterAResumeOnlyTheRestCounts) {
  RunRecord record;
  EtaTracker tracker(1000, RunConfig{}, {});
  std::optional<TimeEstimate> first;
  const auto feed = [&](const Json& event) {
    record.on_event(test::decoded(event));
    const EtaReport report = tracker.on_event(test::decoded(event), record);
    if (report.first) first = report.first;
  };
  feed(start_event(200));
  for (std::int64_t step = 201; step <= 230; ++step)
    feed(step_event(step, 1000 + 0.1 * static_cast<double>(step - 200)));
  ASSERT_TRUE(first);
  EXPECT_NEAR(first->likely_s, 5, 1);  // 50 steps, not 250
}

TEST(EtaTracker, SavesByTheClockAreCountedByTheTimeTheRunTakes) {
  RunConfig config;
  config.checkpoint.every_minutes = 0.1;  // 6 s: 4 times in 25 s, and at the end
  config.checkpoint.async = false;
  RunRecord record;
  EtaTracker tracker(990, config, {});
  std::optional<TimeEstimate> first;
  const auto feed = [&](const Json& event) {
    record.on_event(test::decoded(event));
    const EtaReport report = tracker.on_event(test::decoded(event), record);
    if (report.first) first = report.first;
  };
  auto start = start_event();
  start["steps_per_checkpoint"] = 0;
  feed(start);
  for (std::int64_t step = 1; step <= 20; ++step) feed(step_event(step, 1000 + 0.1 * static_cast<double>(step)));
  ASSERT_TRUE(first);
  const double one_s = predicted_checkpoint_s(predicted_checkpoint_bytes(record.start->parameters, config));
  EXPECT_GT(one_s, 0);
  EXPECT_NEAR(first->parts.at("checkpoints").likely_s, 5 * one_s, 1e-9);
}

RunSummary summary_of(const GroupResult& result) {
  RunSummary summary;
  summary.run_dir = "/runs/a";
  summary.wall_s = 20;
  summary.record.on_event(test::decoded(start_event()));
  summary.record.on_event(test::decoded(step_event(250, 1100)));
  settle(summary, result);
  return summary;
}

TEST(Summary, CompletedRunClosesTheBooks) {
  RunSummary summary = summary_of({});
  summary.estimate = TimeEstimate{{18, 19, 22}, {{"tuning", {4, 4, 4}}, {"steps", {14, 15, 18}}}};
  summary.spent = {{"tuning", 5}, {"steps", 15}};
  summary.record.on_event(test::decoded({{"event", "end"},
                                         {"rank", 0},
                                         {"steps", 250},
                                         {"epochs", 2},
                                         {"samples", 8000},
                                         {"metrics", {{"val_loss", 0.25}}},
                                         {"steady_samples_per_s", 640.0}}));
  const Json json = to_json(summary);
  EXPECT_EQ(json["status"], "completed");
  EXPECT_EQ(json["exit_code"], 0);
  EXPECT_EQ(json["steps"], 250);
  EXPECT_EQ(json["epochs"], 2);
  EXPECT_EQ(json["samples"], 8000);
  EXPECT_EQ(json["run_dir"], "/runs/a");
  EXPECT_EQ(json["metrics"]["val_loss"], 0.25);
  EXPECT_EQ(json["actual"],
            (Json{{"samples_per_s", 640.0}, {"wall_s", 20.0}, {"parts", {{"steps", 15.0}, {"tuning", 5.0}}}}));
  EXPECT_EQ(json["estimate"]["likely_s"], 19.0);
  EXPECT_FALSE(json.contains("failure"));
  EXPECT_THAT(closing_lines(summary), Contains(HasSubstr("estimated at the start: 19 s (+5 %)")));
  EXPECT_THAT(closing_lines(summary), Contains("  spent on: tuning 5.0 s, steps 15 s"));
  EXPECT_THAT(closing_lines(summary), Contains("  estimate: tuning 4.0 s, steps 15 s"));
}

// 50 steps in 20 s, after the 200 of a run before.
TEST(Summary, AfterAResumeTheTimeAndTheStepsAreOfThisSession) {
  RunSummary summary = summary_of({});
  summary.began_step = 200;
  summary.estimate = TimeEstimate{{18, 19, 22}, {{"steps", {14, 15, 18}}}};
  summary.spent = {{"steps", 20}};
  const Json json = to_json(summary);
  EXPECT_EQ(json["steps"], 250);
  EXPECT_EQ(json["actual"]["start_step"], 200);
  EXPECT_EQ(json["actual"]["steps"], 50);
  EXPECT_EQ(json["actual"]["samples"], 50 * summary.record.start->effective_batch_size);
  EXPECT_EQ(json["actual"]["wall_s"], 20.0);
  EXPECT_THAT(closing_lines(summary),
              Contains(HasSubstr("completed after 20 s: 50 steps after the first 200; in all ")));
  EXPECT_THAT(closing_lines(summary), Contains(HasSubstr("time since step 200: 20 s; estimated at the start: 19 s")));
}

TEST(Summary, SaysThatNothingWasLeftToTrainOrNothingSaved) {
  RunSummary summary = summary_of({});
  summary.began_step = summary.record.step;
  EXPECT_THAT(closing_lines(summary), Contains(HasSubstr("completed after 20 s: nothing was left to train; in all ")));
  summary.status = "preempted";
  EXPECT_THAT(closing_lines(summary), Contains("no checkpoint was saved"));
  summary.newest_checkpoint_step = 200;
  EXPECT_THAT(closing_lines(summary), testing::Not(Contains("no checkpoint was saved")));
}

TEST(Summary, FailureNamesTheRankAndWhatItSaid) {
  GroupResult result;
  result.exit_code = 65;
  result.failure = GroupFailure{1, 65, 0, "exit code 65", {"error: train.txt:3: no number"}, {{0, "SIGTERM"}}};
  result.failure->message = result.failure->summary_message = "train.txt:3: no number";
  const RunSummary summary = summary_of(result);
  const Json json = to_json(summary);
  EXPECT_EQ(json["status"], "failed");
  EXPECT_EQ(json["exit_code"], 65);
  EXPECT_EQ(json["failure"], (Json{{"rank", 1},
                                   {"host", ""},
                                   {"cause", "exit code 65"},
                                   {"signal", 0},
                                   {"message", "train.txt:3: no number"},
                                   {"victims", Json::array({Json{{"rank", 0}, {"cause", "SIGTERM"}}})}}));
  EXPECT_THAT(closing_lines(summary), Contains(HasSubstr("rank 1 failed with exit code 65")));
}

TEST(Summary, OfAFailedRunSaysHowToGoOnWhereThereIsACheckpoint) {
  GroupResult result;
  result.exit_code = 137;
  result.failure = GroupFailure{0, 137, 9, "SIGKILL (out of memory?)", {"loading"}, {}};
  RunSummary summary = summary_of(result);
  EXPECT_THAT(closing_lines(summary), testing::Not(Contains(HasSubstr("--resume auto"))));
  summary.newest_checkpoint_step = 200;
  EXPECT_THAT(closing_lines(summary),
              Contains("the newest checkpoint is of step 200; to continue, run the same command with --resume auto"));
  summary.record.stopped = true;  // stopped by a signal, it saved
  EXPECT_THAT(closing_lines(summary), Contains(HasSubstr("saved at step 250; to continue, ")));
  EXPECT_THAT(closing_lines(summary), testing::Not(Contains(HasSubstr("newest checkpoint"))));
}

TEST(Summary, AKilledRankIsToldByItsLastLine) {
  GroupResult result;
  result.exit_code = 137;
  result.failure = GroupFailure{0, 137, 9, "SIGKILL (out of memory?)", {"loading"}, {}};
  result.failure->summary_message = "loading";
  const Json json = to_json(summary_of(result));
  EXPECT_EQ(json["failure"]["signal"], 9);
  EXPECT_EQ(json["failure"]["message"], "loading");
}

TEST(Summary, CtrlCIsNoFailure) {
  GroupResult result;
  result.exit_code = 130;
  result.interrupted_by = 2;
  const Json json = to_json(summary_of(result));
  EXPECT_EQ(json["status"], "interrupted");
  EXPECT_EQ(json["exit_code"], 130);
  EXPECT_FALSE(json.contains("failure"));
}

TEST(Progress, ALineSaysWhereTheRunIs) {
  RunRecord record;
  record.on_event(test::decoded(start_event()));
  record.on_event(test::decoded(step_event(100, 1010)));
  EXPECT_EQ(progress_text(record), "epoch 1/3  step 100/250  loss 0.5  320 samples/s");
  record.on_event(test::decoded(step_event(101, 1010)));
  EXPECT_THAT(progress_text(record), HasSubstr("epoch 2/3"));
  EvaluationEvent evaluation;
  evaluation.step = 100;
  evaluation.seconds = 2;
  evaluation.metrics = {{"val_loss", 0.41}, {"val_accuracy", 0.85}};
  EXPECT_EQ(evaluation_text(evaluation), "eval at step 100: val_accuracy 0.85, val_loss 0.41 (2.0 s)");
}

std::string shown(const Terminal& terminal, const std::vector<double>& times) {
  RunRecord record;
  record.on_event(test::decoded(start_event()));
  std::FILE* file = std::tmpfile();
  {
    Progress progress(file, terminal);
    for (std::size_t i = 0; i < times.size(); ++i) {
      record.on_event(test::decoded(step_event(static_cast<std::int64_t>(i) + 1, times[i])));
      progress.update(record, "", times[i]);
    }
    progress.line("a line");
  }
  std::string text(4096, '\0');
  std::rewind(file);
  text.resize(std::fread(text.data(), 1, text.size(), file));
  std::fclose(file);
  return text;
}

TEST(Progress, WithoutATerminalThereArePlainLinesNowAndThen) {
  const std::string text = shown({.is_terminal = false, .utf8 = false, .columns = 80}, {1, 2, 3, 4, 12});
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3) << text;  // steps 1 and 5, and the line
  EXPECT_EQ(text.find_first_of("\r\x1b"), std::string::npos);
}

TEST(Progress, OnATerminalOneLineIsWrittenOverAndNeverWiderThanIt) {
  const std::string text = shown({.is_terminal = true, .utf8 = true, .columns = 20}, {1, 1.01, 2});
  EXPECT_EQ(text, "\r\x1b[Kepoch 1/3  step 1/2\r\x1b[Kepoch 1/3  step 3/2\r\x1b[Ka line\n");
}

}  // namespace
}  // namespace tlaunch
