#include "estimate/time_by_phase.h"
#include "tests/support/decoded.h"

#include <gmock/gmock.h>

namespace tlaunch {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Json phase_times(int rank, const Json& seconds, std::int64_t steps = 100, std::int64_t timed_steps = 100) {
  return {
      {"event", "phase_times"}, {"rank", rank}, {"steps", steps}, {"timed_steps", timed_steps}, {"seconds", seconds}};
}

RunConfig config() {
  RunConfig config;
  config.data.num_workers = 2;
  return config;
}

TEST(TimeByPhase, SharesOfAllRanks) {
  TimeByPhase times;
  times.on_event(test::decoded(phase_times(0, {{"forward", 2.0}, {"backward", 6.0}, {"loading", 2.0}})));
  times.on_event(test::decoded(phase_times(1, {{"forward", 2.0}, {"backward", 6.0}, {"loading", 2.0}})));
  times.on_event(test::decoded(phase_times(0, {{"forward", 2.0}, {"backward", 6.0}, {"loading", 2.0}})));
  times.on_event(test::decoded(phase_times(1, {{"forward", 2.0}, {"backward", 6.0}, {"loading", 2.0}})));
  EXPECT_EQ(shares_text(times.seconds()), "backward 60 %, waiting for data 20 %, forward 20 %");
  EXPECT_THAT(slow_findings(times, config()),
              ElementsAre(AllOf(HasSubstr("waiting for data took 20 %"), HasSubstr("data.num_workers (now 2)"))));
}

TEST(TimeByPhase, ADevicesTimedStepsStandForAll) {
  TimeByPhase times;
  times.on_event(test::decoded(phase_times(0, {{"forward", 1.0}, {"backward", 1.0}, {"save", 8.0}}, 100, 10)));
  EXPECT_DOUBLE_EQ(times.seconds().at("forward"), 10);
  EXPECT_DOUBLE_EQ(times.seconds().at("save"), 8);
  times.on_event(test::decoded(phase_times(0, {{"forward", 1.0}}, 100, 0)));
  EXPECT_DOUBLE_EQ(times.seconds().at("forward"), 10);
}

TEST(TimeByPhase, TriesOfOneRunAreAddedUp) {
  const auto gpu = [](double percent) {
    return Json{{"event", "gpu"},
                {"rank", 0},
                {"utilization_percent", percent},
                {"memory_total_bytes", 10},
                {"memory_used_bytes", percent / 10}};
  };
  TimeByPhase first, second;
  first.on_event(test::decoded(phase_times(0, {{"forward", 2.0}})));
  for (int i = 0; i < 3; ++i) first.on_event(test::decoded(gpu(20)));
  second.on_event(test::decoded(phase_times(0, {{"forward", 1.0}, {"backward", 4.0}})));
  second.on_event(test::decoded(gpu(60)));
  TimeByPhase all;
  all.add(first);
  all.add(second);
  all.add(TimeByPhase());
  EXPECT_DOUBLE_EQ(all.seconds().at("forward"), 3);
  EXPECT_DOUBLE_EQ(all.seconds().at("backward"), 4);
  EXPECT_DOUBLE_EQ(all.ranks().at(0).gpu_utilization.value(), 0.3);
  EXPECT_DOUBLE_EQ(all.ranks().at(0).gpu_memory_share.value(), 0.3);
}

TEST(TimeByPhase, AHealthyRunHasNoFindings) {
  TimeByPhase times;
  for (int rank = 0; rank < 2; ++rank)
    times.on_event(test::decoded(phase_times(
        rank, {{"forward", 30.0}, {"backward", 60.0}, {"optimizer", 5.0}, {"evaluation", 5.0}, {"loading", 1.0}})));
  EXPECT_THAT(slow_findings(times, config()), IsEmpty());
  EXPECT_THAT(slow_findings(TimeByPhase(), config()), IsEmpty());
  EXPECT_EQ(shares_text({}), "");
}

TEST(TimeByPhase, ARankThatHoldsUpTheOthersIsNamed) {
  TimeByPhase times;
  for (int rank = 0; rank < 3; ++rank) {
    const double slow = rank == 1 ? 1.5 : 1;
    times.on_event(test::decoded(phase_times(
        rank, {{"forward", 30.0 * slow}, {"backward", 60.0 * slow}, {"all_reduce", 45 * (2 - 2 * slow + 1) / 3}})));
  }
  EXPECT_THAT(slow_findings(times, config()), ElementsAre(HasSubstr("rank 1 computes 50 % longer")));
}

// The figures from the log of a run in which four cards shared a batch of 256.
TEST(TimeByPhase, IdleCardsWithEmptyMemory) {
  TimeByPhase times;
  for (int rank = 0; rank < 4; ++rank) {
    times.on_event(test::decoded(phase_times(rank, {{"forward", 30.0}, {"backward", 60.0}})));
    times.on_event(test::decoded({{"event", "gpu"},
                                  {"rank", rank},
                                  {"utilization_percent", rank == 0 ? 34 : 42},
                                  {"memory_used_bytes", rank == 0 ? 2.599e9 : 0.022e9},
                                  {"memory_total_bytes", 32.49e9}}));
  }
  EXPECT_THAT(
      slow_findings(times, config()),
      ElementsAre(AllOf(HasSubstr("busy 40 %"), HasSubstr("2 % of their memory"), HasSubstr("train.batch_size=auto"))));
}

TEST(TimeByPhase, ACardThatDoesNotTellItsUseIsNotCalledIdle) {
  TimeByPhase times;
  for (int rank = 0; rank < 2; ++rank) {
    times.on_event(test::decoded(phase_times(rank, {{"forward", 30.0}, {"backward", 60.0}})));
    times.on_event(
        test::decoded({{"event", "gpu"}, {"rank", rank}, {"memory_used_bytes", 1e9}, {"memory_total_bytes", 32e9}}));
  }
  EXPECT_THAT(slow_findings(times, config()), IsEmpty());
  const Json told = to_json(times, {});
  EXPECT_FALSE(told["ranks"][0].contains("gpu_utilization"));
  EXPECT_DOUBLE_EQ(told["ranks"][0]["gpu_memory_share"].get<double>(), 1.0 / 32);

  times.on_event(test::decoded({{"event", "gpu"}, {"rank", 0}, {"utilization_percent", 20}}));
  EXPECT_THAT(slow_findings(times, config()), ElementsAre(HasSubstr("busy 20 %")))
      << "the mean of the ranks that report it";
}

TEST(TimeByPhase, WhatIsNoneOfItsEventsIsPassedOver) {
  TimeByPhase times;
  for (const char* text : {R"({"event":"phase_times"})", R"({"event":"phase_times","rank":0,"seconds":3})",
                           R"({"event":"phase_times","rank":0,"seconds":{"forward":"x"}})",
                           R"({"event":"gpu","rank":-1})", R"({"event":"step","rank":0})"})
    times.on_event(test::decoded(Json::parse(text)));
  EXPECT_THAT(times.seconds(), IsEmpty());
}

}  // namespace
}  // namespace tlaunch
