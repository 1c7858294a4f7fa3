#include "estimate/history.h"

#include <gmock/gmock.h>

namespace tlaunch {
namespace {

// A rehearsal that gives 90 s for 900 steps and 10 s for 10 evaluations.
TimeEstimate hundred_seconds() { return {{97, 100, 104}, {{"steps", {87, 90, 94}}, {"evaluation", {10, 10, 10}}}}; }

TimeEstimate in_the_light_of(const RunHistory& history) {
  const Calibration calibration =
      calibration_from(hundred_seconds(), {{"steps", 900}, {"evaluation", 10}}, history, "a");
  return calibrate(hundred_seconds(), calibration);
}

RunOutcome ended(const std::string& job, double estimated_s, double actual_s) {
  return {job, estimated_s, actual_s, {}};
}

// Runs whose rehearsals gave `rehearsed_s` for 100 steps that took `actual_s`.
RunHistory runs_of_steps(int count, double rehearsed_s, double actual_s) {
  return RunHistory(static_cast<std::size_t>(count), {"a", 100, 100, {{"steps", {rehearsed_s, actual_s, 100}}}});
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
  RunHistory history;
  for (int i = 0; i < 50; ++i) history.push_back(ended("other", 100, 100.0 + i));
  const TimeEstimate time = in_the_light_of(history);
  EXPECT_EQ(time.likely_s, 100) << "other jobs widen the band, they do not move the middle";
  EXPECT_NEAR(time.high_s, 145, 3);
  EXPECT_NEAR(time.low_s, 97, 6);
}

TEST(History, ARehearsalThatIsAlwaysOffByAFifthIsPutRight) {
  // The rehearsals gave 10 s and the runs took 12 s; the next rehearsal gives 10 s again.
  EXPECT_NEAR(in_the_light_of(runs_of_steps(12, 10, 12)).parts.at("steps").likely_s, 108, 1.5);
  EXPECT_EQ(in_the_light_of(runs_of_steps(12, 10, 12)).parts.at("evaluation").likely_s, 10)
      << "of which nothing was seen";
}

TEST(History, WhereRehearsalsWaverAndRunsDoNotTheRunsAreBelieved) {
  RunHistory history;
  for (const double rehearsed_s : {8.0, 14.0, 9.0, 15.0, 11.0, 7.0})
    history.push_back({"a", 100, 100, {{"steps", {rehearsed_s, 11, 100}}}});
  // Every run took 0.11 s per step; the rehearsal now gives 0.10 s.
  EXPECT_NEAR(in_the_light_of(history).parts.at("steps").likely_s, 99, 1.5);
}

TEST(History, WhereRunsWaverWithTheMachineTheRehearsalIsBelieved) {
  RunHistory history;
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
  RunHistory history(8, {"a", 0, 0, {{"steps", {10, 15, 100}}}});
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
  const RunOutcome outcome{"a", 10, 12, {{"steps", {8, 9, 100}}}};
  const std::string line = to_json(outcome).dump();
  const auto outcomes = history_from_lines(
      line +
      "\nnonsense\n{\"job\":3}\n{\"job\":\"a\",\"told_s\":-1,\"actual_s\":2}\n[]\n"
      "{\"job\":\"a\",\"told_s\":1,\"actual_s\":2,\"parts\":{\"steps\":7,\"evaluation\":{\"units\":0}}}\n" +
      line);
  ASSERT_EQ(outcomes.size(), 3u);
  EXPECT_TRUE(outcomes[1].parts.empty());
  EXPECT_EQ(outcomes[2].job, "a");
  EXPECT_EQ(outcomes[2].estimated_s, 10);
  EXPECT_EQ(outcomes[2].actual_s, 12);
  EXPECT_EQ(outcomes[2].parts.at("steps").units, 100);
}

}  // namespace
}  // namespace tlaunch
