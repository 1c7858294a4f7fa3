#include "processes/group/failure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <map>

#include "processes/group/error_file.h"
#include "tests/support/temp_dir.h"

namespace tlaunch {
namespace {

using testing::HasSubstr;

RankEnd exited(int rank, int code, bool before_stop = true) { return {rank, code << 8, 0, before_stop, {}, false}; }
RankEnd killed(int rank, int signal, bool before_stop = true) {
  RankEnd end{rank, signal, 0, before_stop, {}, false};
  end.after_kill = !before_stop;
  return end;
}
RankEnd killed_by_others(int rank, int signal) {  // while the group was stopping
  RankEnd end = killed(rank, signal, false);
  end.after_kill = false;
  return end;
}

int first_rank(const std::vector<RankEnd>& ends) {
  const auto first = first_failure(ends);
  return first ? ends[*first].rank : -1;
}

TEST(FirstFailure, IsTheFirstToEndAndNotItsVictims) {
  EXPECT_EQ(first_rank({exited(0, 0), exited(1, 0)}), -1);
  EXPECT_EQ(first_rank({exited(2, 0), exited(1, 7), killed(0, SIGTERM, false)}), 1);
}

TEST(FirstFailure, IsTheRankThatSomebodyElseKilledWhileTheGroupWasStopping) {
  EXPECT_EQ(first_rank({exited(0, 1, false), killed_by_others(1, SIGKILL)}), 1) << "its peer lost the connection";
  EXPECT_EQ(first_rank({exited(0, 1), killed_by_others(1, SIGSEGV)}), 0) << "a crash on the way out explains nothing";
  EXPECT_EQ(cause_of(killed_by_others(1, SIGKILL), "p"), "SIGKILL (out of memory?)");
  EXPECT_TRUE(by_foreign_signal(killed_by_others(1, SIGIO)));
  EXPECT_FALSE(by_foreign_signal(killed_by_others(1, SIGTERM)));
  EXPECT_FALSE(by_foreign_signal(killed(1, SIGKILL, false)));
}

TEST(FirstFailure, IsTheKilledRankThoughAPeerThatNoticedEndedSooner) {
  EXPECT_EQ(first_rank({killed(0, SIGABRT), killed(1, SIGKILL)}), 1);
  EXPECT_EQ(first_rank({exited(0, 1), killed(1, SIGSEGV)}), 1);
}

TEST(FirstFailure, IsTheRankThatLeftEarlyAndNotThePeerThatWaitedForIt) {
  RankEnd early = exited(1, 0);
  early.left_early = true;
  EXPECT_EQ(first_rank({exited(0, 1), early}), 1);
  EXPECT_EQ(exit_code_of(early), 1);
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

RankEnd told(RankEnd end, int place, int exit_code = 1) {
  end.reported = place;
  end.told_exit_code = exit_code;
  return end;
}

TEST(FirstFailure, IsNotAPeerThatOurSignalEndedThoughItHadRecordedAnError) {
  // Rank 1 raises and leaves; rank 0 loses its connection, records that, and is on its way out when it is stopped.
  EXPECT_EQ(first_rank({told(exited(1, 1), 0), told(killed(0, SIGTERM, false), 1)}), 1);
  EXPECT_EQ(first_rank({exited(1, 7), told(killed(0, SIGTERM, false), 0)}), 1);
  EXPECT_EQ(first_rank({exited(1, 7), told(killed(0, SIGKILL, false), 0)}), 1);
}

TEST(FirstFailure, IsTheFirstToRecordThoughItsPeerWasSoonerGoneAndOurSignalEndedIt) {
  const std::vector<RankEnd> ends = {told(exited(0, 1), 1), told(killed(1, SIGTERM, false), 0)};
  EXPECT_EQ(first_rank(ends), 1);
  EXPECT_EQ(exit_code_of(ends[1]), 1) << "143 would be our own signal's";
  EXPECT_EQ(signal_of(ends[1]), 0);
  EXPECT_EQ(cause_of(ends[1], "p"), "an error that it recorded before tlaunch stopped it");
  EXPECT_EQ(exit_code_of(told(killed(1, SIGKILL, false), 0, 65)), 65) << "the exit code that it reported";
}

TEST(FirstFailure, IsTheFirstToRecordThoughAPeerThatHadRecordedLaterCrashedAsItLeft) {
  EXPECT_EQ(first_rank({told(killed(0, SIGSEGV), 1), told(exited(1, 1), 0)}), 1);
  EXPECT_EQ(first_rank({told(exited(0, 1), 1), told(killed(1, SIGSEGV), 0)}), 1);
  // A rank that a signal killed before it reported anything is the cause, even if its peers report a lost connection.
  EXPECT_EQ(first_rank({told(exited(0, 1), 0), told(exited(2, 1), 1), killed(1, SIGKILL)}), 1);
}

TEST(FirstFailure, IsNotARankThatSavedAsItWasTold) {
  EXPECT_EQ(first_rank({exited(1, 75, false), killed(2, SIGKILL, false), exited(0, 74, false)}), 0);
}

TEST(FailureCause, NamesSignalsAndExitCodes) {
  EXPECT_EQ(cause_of(exited(0, 7), "p"), "exit code 7");
  EXPECT_EQ(cause_of(killed(0, SIGSEGV), "p"), "SIGSEGV (segmentation fault)");
  EXPECT_EQ(cause_of(killed(0, SIGKILL), "p"), "SIGKILL (out of memory?)");
  EXPECT_EQ(cause_of(killed(0, SIGKILL, false), "p"), "SIGKILL (by tlaunch)");
  RankEnd starved = killed(0, SIGKILL);
  starved.out_of_memory = true;
  EXPECT_EQ(cause_of(starved, "p"), "SIGKILL (out of memory: killed by the kernel)");
  EXPECT_EQ(exit_code_of(killed(0, SIGSEGV)), 139);
  RankEnd missing;
  missing.start_error = ENOENT;
  EXPECT_EQ(cause_of(missing, "trian"), "cannot start trian: not found");
  EXPECT_EQ(exit_code_of(missing), 127);
  missing.start_error = EACCES;
  EXPECT_EQ(exit_code_of(missing), 126);
}

GroupFailure crash() {
  GroupFailure failure;
  failure.rank = 1;
  failure.exit_code = 139;
  failure.signal = SIGSEGV;
  failure.cause = "SIGSEGV (segmentation fault)";
  failure.host = "node7";
  failure.message = failure.summary_message = "ValueError: bad";
  failure.log_path = "/logs/rank_1.log";
  for (int i = 0; i < 20; ++i) failure.last_lines.push_back("line " + std::to_string(i));
  for (int i = 0; i < 9; ++i) failure.victims.push_back({i + 2, "SIGTERM"});
  return failure;
}

TEST(FailureReport, NamesTheCauseAndTheVictimsInTenLinesAndThenTheLastTwenty) {
  const auto report = failure_report(crash(), true);
  const auto output = std::find(report.begin(), report.end(), "its last lines:");
  ASSERT_LE(output - report.begin(), 10);
  ASSERT_EQ(report.end() - output, 21);
  EXPECT_EQ(report[0], "root cause: rank 1 (on host node7) was killed by SIGSEGV (segmentation fault); exit code 139");
  EXPECT_EQ(report[1], "it said: ValueError: bad");
  EXPECT_THAT(report[2], HasSubstr("stopped because of it: rank 2 (SIGTERM), "));
  EXPECT_THAT(report[2], HasSubstr("and 3 more"));
  EXPECT_EQ(report[3], "its output: /logs/rank_1.log");
  EXPECT_EQ(report.back(), "  | line 19");
  EXPECT_EQ(failure_report(crash(), false).size(), 4u);
}

TEST(FailureReport, OutputThatOnlyRepeatsTheMessageIsLeftOut) {
  GroupFailure failure = crash();
  failure.message = "x does not fit:\n  a: missing\n  b: missing";
  failure.last_lines = {"tlaunch-worker: error: x does not fit:", "  a: missing", "  b: missing"};
  EXPECT_EQ(failure_report(failure, true), failure_report(failure, false));
  failure.last_lines.insert(failure.last_lines.begin(), "loading x");
  EXPECT_EQ(failure_report(failure, true).size(), failure_report(failure, false).size() + 5);

  failure.message = "the disk of /data is too small: " + std::string(300, '9') + " B are needed";
  failure.last_lines = {("[rank 0] error: " + failure.message).substr(0, 200)};  // as long lines are cut
  EXPECT_EQ(failure_report(failure, true), failure_report(failure, false));
}

TEST(FailureReport, IsToldToProgramsWithTheSameFields) {
  GroupFailure failure = crash();
  failure.victims.resize(1);
  EXPECT_EQ(to_json(failure), (Json{{"rank", 1},
                                    {"host", "node7"},
                                    {"cause", "SIGSEGV (segmentation fault)"},
                                    {"signal", SIGSEGV},
                                    {"message", "ValueError: bad"},
                                    {"victims", Json::array({Json{{"rank", 2}, {"cause", "SIGTERM"}}})},
                                    {"log", "/logs/rank_1.log"}}));
}

TEST(FailureReport, NamesNoRankWhereTheGroupAsAWholeIsToBlame) {
  GroupFailure failure;
  failure.rank.reset();
  failure.cause = "hang: no output of any rank for 5 s";
  EXPECT_THAT(failure_report(failure, true), testing::ElementsAre("root cause: hang: no output of any rank for 5 s"));
  EXPECT_TRUE(to_json(failure).at("rank").is_null());
}

TEST(ErrorFile, TellsWhatTheRankRecorded) {
  const test::TempDir folder;
  const std::string path = folder / "error.json";
  EXPECT_EQ(error_message(path), "");
  EXPECT_FALSE(error_time_ns(path));
  for (const auto& [text, message] : std::map<std::string, std::string>{
           {R"({"message": {"message": "ValueError: bad\nluck", "extraInfo": {"timestamp": "1"}}})", "ValueError: bad"},
           {R"({"message": "plain \u001b[31mtext"})", "plain text"},
           {R"({"message": {"message": 3}})", ""},
           {R"([1])", ""},
           {"{\"mess", ""},
           {"\xff\xfe", ""}}) {
    test::write(path, text);
    EXPECT_EQ(error_message(path), message) << text;
    EXPECT_TRUE(error_time_ns(path));
  }
  test::write(path, R"({"message": ")" + std::string(2 << 20, 'x') + "\"}");
  EXPECT_EQ(error_message(path), "") << "too large to be one";
}

}  // namespace
}  // namespace tlaunch
