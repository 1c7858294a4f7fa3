#include "processes/group/diagnosis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

namespace tlaunch {
namespace {

using testing::HasSubstr;

RankEnd exited(int rank, int code) {
  RankEnd end;
  end.rank = rank;
  end.wait_status = code << 8;
  end.before_stop = true;
  return end;
}

RankEnd killed(int rank, int signal) {
  RankEnd end = exited(rank, 0);
  end.wait_status = signal;
  return end;
}

// By tlaunch, because another rank had failed.
RankEnd killed_by_us(int rank, int signal) {
  RankEnd end = killed(rank, signal);
  end.before_stop = false;
  end.after_kill = signal == SIGKILL;
  return end;
}

// Three ranks, each with a log.
struct Group {
  std::vector<WorkerSpec> workers;
  GroupRecord record{workers, {}, {}, true, 0, false, {}};
  RunRecord run;
  std::string asked_loader;  // about this program
  std::string loader_says;

  Group() : workers(3) {
    for (std::size_t rank = 0; rank < workers.size(); ++rank) {
      workers[rank].argv = {"worker"};
      workers[rank].log_path = "/logs/rank_" + std::to_string(rank) + ".log";
    }
    record.outputs.resize(workers.size());
    record.host = "node7";
    run.start = StartEvent{};
    run.step = 20;
  }
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  RankOutput& output(int rank) { return record.outputs[static_cast<std::size_t>(rank)]; }
  std::optional<GroupFailure> diagnose_with(const RunRecord* known) {
    return diagnose(record, known, [this](const std::string& program, const std::string&) {
      asked_loader = program;
      return loader_says;
    });
  }
  std::optional<GroupFailure> of_run() { return diagnose_with(&run); }
  std::optional<GroupFailure> of_program() {
    record.saves_when_told = false;
    return diagnose_with(nullptr);
  }
};

TEST(Diagnosis, ARankThatWasKilledHasThePlaceOfItsPeers) {
  Group group;
  group.record.ends = {killed(1, SIGSEGV), exited(0, 1), killed_by_us(2, SIGTERM)};
  group.record.told_failure = {{0, 1}};
  group.run.failures = {{0, "connection lost"}};
  group.run.failure_place = "step 21, all_reduce";
  const auto failure = group.of_run();
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->rank, 1);
  EXPECT_EQ(failure->signal, SIGSEGV);
  EXPECT_EQ(failure->exit_code, 139);
  EXPECT_EQ(failure->cause, "SIGSEGV (segmentation fault); the others were in step 21, all_reduce");
  EXPECT_EQ(failure->message, "");
  EXPECT_EQ(failure->host, "node7");
  EXPECT_EQ(failure->log_path, "/logs/rank_1.log");
}

TEST(Diagnosis, WithoutAWordOfAnyPeerThePlaceIsTheLastStepOrTheStartUp) {
  Group group;
  group.record.ends = {killed(1, SIGKILL)};
  EXPECT_THAT(group.of_run()->cause, testing::EndsWith("; after step 20"));
  group.run.start.reset();
  EXPECT_THAT(group.of_run()->cause, testing::EndsWith("; in start-up"));
}

TEST(Diagnosis, AProgramsCauseHasNoPlace) {
  Group group;
  group.record.ends = {exited(1, 7)};
  EXPECT_EQ(group.of_program()->cause, "exit code 7");
}

TEST(Diagnosis, TheRankThatFailsFirstIsToBlameAndThoseThatWeStopAreItsVictims) {
  Group group;
  group.record.ends = {exited(1, 65), killed_by_us(0, SIGTERM), killed_by_us(2, SIGKILL)};
  group.record.told_failure = {{1, 65}};
  group.run.failures = {{1, "train.txt:3: no number"}};
  group.output(1).last_lines = {"loading", "error: train.txt:3: no number"};
  const auto failure = group.of_run();
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->rank, 1);
  EXPECT_EQ(failure->exit_code, 65);
  EXPECT_EQ(failure->cause, "exit code 65") << "it reported where it was: no guess";
  EXPECT_EQ(failure->message, "train.txt:3: no number");
  EXPECT_EQ(failure->summary_message, failure->message);
  EXPECT_EQ(failure->last_lines.size(), 2u);
  ASSERT_EQ(failure->victims.size(), 2u);
  EXPECT_EQ(failure->victims[0].rank, 0);
  EXPECT_EQ(failure->victims[0].cause, "SIGTERM (terminated)");
  EXPECT_EQ(failure->victims[1].cause, "SIGKILL (by tlaunch)");
}

TEST(Diagnosis, OurOwnSignalIsNotTheCauseOfARankThatHadReportedItsFailure) {
  Group group;
  RankEnd stopped = killed_by_us(1, SIGTERM);  // on its way out
  stopped.told_exit_code = 65;
  group.record.ends = {exited(0, 1), stopped};
  group.record.told_failure = {{1, 65}, {0, 1}};
  group.run.failures = {{1, "bad data"}, {0, "connection lost"}};
  const auto failure = group.of_run();
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->rank, 1);
  EXPECT_EQ(failure->exit_code, 65);
  EXPECT_EQ(failure->signal, 0);
  EXPECT_EQ(failure->message, "bad data");
}

TEST(Diagnosis, TheErrorFileSaysMoreThanTheExitCodeAndTheLastLine) {
  Group group;
  group.record.ends = {exited(0, 1)};
  group.output(0) = {{"Traceback", "cleaning up"}, 100, "ValueError: bad luck"};
  const auto failure = group.of_program();
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->cause, "exit code 1");
  EXPECT_EQ(failure->message, "ValueError: bad luck");
  EXPECT_EQ(failure->summary_message, "ValueError: bad luck");
}

TEST(Diagnosis, TheFirstErrorFileIsTheFirstFailure) {
  Group group;
  group.record.ends = {exited(0, 1), exited(2, 1)};
  group.output(0) = {{}, 200, "connection lost"};
  group.output(2) = {{}, 100, "ValueError"};
  EXPECT_EQ(group.of_program()->rank, 2);
  group.output(2).error_time_ns = 300;
  EXPECT_EQ(group.of_program()->rank, 0);
}

TEST(Diagnosis, ARankThatReportedNothingIsSummedUpByItsLastLine) {
  Group group;
  group.record.ends = {exited(0, 1)};
  group.output(0).last_lines = {"loading", "no such file"};
  const auto failure = group.of_program();
  EXPECT_EQ(failure->message, "");
  EXPECT_EQ(failure->summary_message, "no such file");
}

TEST(Diagnosis, AHangNamesItsRankAndComesBeforeTheEndsThatItCaused) {
  Group group;
  group.record.ends = {killed_by_us(0, SIGKILL), killed_by_us(1, SIGKILL), killed_by_us(2, SIGKILL)};
  group.record.hung = Hung{1, "hang: stopped (state T) for 5 s; step 24, forward", {"its last line"}};
  const auto failure = group.of_run();
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->rank, 1);
  EXPECT_EQ(failure->exit_code, 124);
  EXPECT_EQ(failure->signal, 0);
  EXPECT_EQ(failure->cause, "hang: stopped (state T) for 5 s; step 24, forward");
  EXPECT_EQ(failure->summary_message, failure->cause);
  EXPECT_EQ(failure->last_lines.size(), 1u);
  EXPECT_EQ(failure->log_path, "/logs/rank_1.log");
  EXPECT_TRUE(failure->victims.empty());
  group.record.hung->rank.reset();
  EXPECT_FALSE(group.of_run()->rank) << "the group as a whole";
}

TEST(Diagnosis, AStopThatSomebodyAskedForIsNoFailure) {
  Group group;
  group.record.interrupted_by = SIGTERM;
  RankEnd saved = exited(1, 75);
  saved.before_stop = false;
  group.record.ends = {killed_by_us(0, SIGTERM), saved};
  EXPECT_FALSE(group.of_run());
  EXPECT_TRUE(stopped_as_told(group.record));
}

TEST(Diagnosis, ARankThatCannotSaveAfterAStopHasFailed) {
  Group group;
  group.record.interrupted_by = SIGTERM;
  RankEnd full = exited(0, 74), saved = exited(1, 75);
  full.before_stop = saved.before_stop = false;
  group.record.ends = {saved, full};
  EXPECT_FALSE(stopped_as_told(group.record));
  EXPECT_EQ(group.of_run()->rank, 0);
  EXPECT_FALSE(group.of_program()) << "a program's exit codes after a stop are its own affair";
}

TEST(Diagnosis, TheTimeLimitOfAProgramIsNoFailure) {
  Group group;
  group.record.interrupted_by = SIGTERM;
  group.record.out_of_time = true;
  group.record.ends = {exited(0, 3)};
  EXPECT_FALSE(group.of_program());
}

TEST(Diagnosis, ARankThatLeftBeforeItsWorkWasDoneHasFailed) {
  Group group;
  RankEnd early = exited(1, 0);
  early.left_early = true;
  group.record.ends = {early, exited(0, 1)};
  group.record.told_failure = {{0, 1}};
  group.run.failures = {{0, "connection closed"}};
  group.run.failure_place = "step 20, save";
  const auto failure = group.of_run();
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->rank, 1);
  EXPECT_EQ(failure->exit_code, 1);
  EXPECT_EQ(failure->cause, "left with exit code 0 before its work was done; the others were in step 20, save");
}

TEST(Diagnosis, RanksThatAllEndWellHaveNotFailed) {
  Group group;
  RankEnd early = exited(1, 0);
  early.left_early = true;  // the others ended with 0 as well: the work was done after all
  group.record.ends = {early, exited(0, 0), exited(2, 0)};
  EXPECT_FALSE(group.of_run());
}

TEST(Diagnosis, TheLoaderIsAskedOnlyAboutAProgramThatItDidNotStart) {
  Group group;
  group.loader_says = "LD_LIBRARY_PATH made it take /a/libz.so.1";
  group.record.ends = {exited(0, 1)};
  EXPECT_EQ(group.of_program()->cause, "exit code 1");
  EXPECT_EQ(group.asked_loader, "");

  group.record.ends = {exited(0, 127)};
  group.output(0).last_lines = {"worker: symbol lookup error: worker: undefined symbol: f"};
  const auto failure = group.of_program();
  EXPECT_EQ(group.asked_loader, "worker");
  EXPECT_THAT(failure->cause, HasSubstr("; the dynamic loader said: symbol lookup error: "));
  EXPECT_THAT(failure->cause, testing::EndsWith("; " + group.loader_says));
}

}  // namespace
}  // namespace tlaunch
