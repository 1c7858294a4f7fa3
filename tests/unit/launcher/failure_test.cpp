#include "launcher/failure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>

namespace tlaunch {
namespace {

using testing::HasSubstr;

RankEnd exited(int rank, int code, bool before_stop = true) { return {rank, code << 8, 0, before_stop, {}}; }
RankEnd killed(int rank, int signal, bool before_stop = true) { return {rank, signal, 0, before_stop, {}}; }

int first_rank(const std::vector<RankEnd>& ends) {
  const auto first = first_failure(ends);
  return first ? ends[*first].rank : -1;
}

TEST(FirstFailure, IsTheFirstToEndAndNotItsVictims) {
  EXPECT_EQ(first_rank({exited(0, 0), exited(1, 0)}), -1);
  EXPECT_EQ(first_rank({exited(2, 0), exited(1, 7), killed(0, SIGTERM, false)}), 1);
}

TEST(FirstFailure, IsTheKilledRankThoughAPeerThatNoticedEndedSooner) {
  EXPECT_EQ(first_rank({killed(0, SIGABRT), killed(1, SIGKILL)}), 1);
  EXPECT_EQ(first_rank({exited(0, 1), killed(1, SIGSEGV)}), 1);
}

TEST(FirstFailure, IsNotARankThatCrashesWhenToldToStop) {
  EXPECT_EQ(first_rank({exited(1, 1), killed(0, SIGSEGV, false)}), 1);
}

TEST(FirstFailure, IsTheRankThatToldOfItFirst) {
  RankEnd late = exited(0, 1), early = exited(1, 65);
  late.reported = 1;
  early.reported = 0;
  EXPECT_EQ(first_rank({late, early}), 1);
}

TEST(FailureCause, NamesSignalsAndExitCodes) {
  EXPECT_EQ(cause_of(exited(0, 7), "p"), "exit code 7");
  EXPECT_EQ(cause_of(killed(0, SIGSEGV), "p"), "SIGSEGV (segmentation fault)");
  EXPECT_EQ(cause_of(killed(0, SIGKILL), "p"), "SIGKILL (killed; out of memory?)");
  EXPECT_EQ(exit_code_of(killed(0, SIGSEGV)), 139);
  RankEnd missing;
  missing.start_error = ENOENT;
  EXPECT_EQ(cause_of(missing, "trian"), "cannot start trian: not found");
  EXPECT_EQ(exit_code_of(missing), 127);
  missing.start_error = EACCES;
  EXPECT_EQ(exit_code_of(missing), 126);
}

TEST(FailureReport, HasTenLinesAtMostAndNamesTheVictims) {
  GroupFailure failure;
  failure.rank = 1;
  failure.exit_code = 139;
  failure.signal = SIGSEGV;
  failure.cause = "SIGSEGV (segmentation fault)";
  for (int i = 0; i < 10; ++i) failure.last_lines.push_back("line " + std::to_string(i));
  for (int i = 0; i < 9; ++i) failure.victims.push_back("rank " + std::to_string(i + 2) + " (SIGTERM)");
  const auto report = failure_report(failure, true);
  ASSERT_EQ(report.size(), 10u);
  EXPECT_EQ(report.front(), "rank 1 failed: SIGSEGV (segmentation fault), exit 139");
  EXPECT_EQ(report[8], "  | line 9");
  EXPECT_THAT(report.back(), HasSubstr("rank 2 (SIGTERM), "));
  EXPECT_THAT(report.back(), HasSubstr("and 3 more"));
  EXPECT_EQ(failure_report(failure, false).size(), 2u);
}

}  // namespace
}  // namespace tlaunch
