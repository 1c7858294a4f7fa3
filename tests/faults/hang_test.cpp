// A rank that stops or stands still is noticed and named, its group ended with 124, and what all did is kept.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>

#include "tests/support/running.h"
#include "tests/support/sessions_data.h"

namespace tlaunch::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// No gdb in PATH unless a test asks for it: it takes seconds to read LibTorch's symbols.
class Hang : public testing::Test {
 protected:
  Hang() {
    ::setenv("PATH", "/nowhere", 1);
    write_sessions(scratch_ / "data");
    write(scratch_ / "lstm.yaml",
          "model: {name: lstm, hidden_size: 16, num_layers: 2, window: 6, top_g: 3}\n"
          "data: {name: sessions, root: data}\n"
          "train: {max_steps: 100000, effective_batch_size: 48}\n"
          "eval: {every_n_steps: 20}\n"
          "checkpoint: {every_n_steps: 20}\n"
          "tune: {enabled: false}\n"
          "launch: {hang_timeout_s: 2}\n"
          "log: {log_interval: 1}\n");
  }
  ~Hang() override {
    if (launcher_ > 0) kill(launcher_, SIGKILL);
    ::unsetenv("TLAUNCH_INJECT_FAULT");
    ::setenv("PATH", path_.c_str(), 1);
  }
  void begin(const std::string& injected = "", const std::vector<std::string>& more = {}) {
    if (!injected.empty()) ::setenv("TLAUNCH_INJECT_FAULT", (injected + ",fault=hang").c_str(), 1);
    std::vector<std::string> argv = {program("tlaunch"), "--nproc", "2", "--run-dir", run_, scratch_ / "lstm.yaml"};
    argv.insert(argv.end(), more.begin(), more.end());
    launcher_ = start(argv, scratch_ / "out", scratch_ / "err");
  }
  int end() { return wait_code(std::exchange(launcher_, 0)); }
  std::string said() const { return content(scratch_ / "err"); }
  Json summary() const { return Json::parse(content(run_ / "summary.json")); }
  std::string stacks(int rank) const {
    return content(run_ / "logs/attempt_0" / ("stacks_" + std::to_string(rank) + ".txt"));
  }
  pid_t worker(int rank) const {
    for (const pid_t pid : workers_of(run_))
      if (content("/proc/" + std::to_string(pid) + "/environ").find('\0' + ("RANK=" + std::to_string(rank)) + '\0') !=
          std::string::npos)
        return pid;
    return -1;
  }
  // What holds for each hang of rank 1.
  void expect_rank_1_named(const std::string& phase) {
    EXPECT_EQ(end(), 124) << said();
    EXPECT_THAT(said(),
                AllOf(HasSubstr("rank 1 hangs: "), HasSubstr("launch.hang_timeout_s"), HasSubstr("stacks_RANK.txt")));
    const Json told = summary();
    EXPECT_EQ(told["status"], "hung");
    EXPECT_EQ(told["exit_code"], 124);
    EXPECT_EQ(told["failure"]["rank"], 1);
    EXPECT_THAT(told["failure"]["cause"].get<std::string>(), HasSubstr("hang"));
    const auto hangs = events_of(run_, "hang");
    ASSERT_EQ(hangs.size(), 1u);
    EXPECT_EQ(hangs[0]["ranks"], Json::array({1}));
    if (!phase.empty()) {
      EXPECT_EQ(hangs[0]["phase"], phase);
    }
    EXPECT_TRUE(events_of(run_, "heartbeat").empty()) << "they are not kept";
    EXPECT_TRUE(workers_of(run_).empty());
    EXPECT_THAT(stacks(0), HasSubstr("training thread")) << "written by the worker itself";
    EXPECT_THAT(stacks(1), HasSubstr("State:"));
  }

  const std::string path_ = variable("PATH", "");
  TempDir scratch_;
  const fs::path run_ = scratch_ / "run";
  pid_t launcher_ = 0;
};

TEST_F(Hang, ARankThatIsStoppedInAStepIsNamed) {
  begin();
  ASSERT_TRUE(wait_for_event(run_, [](const Json& event) { return event["event"] == "step" && event["step"] >= 5; }))
      << said();
  kill(worker(1), SIGSTOP);
  expect_rank_1_named("");
  EXPECT_THAT(said(), HasSubstr("stopped (state T)"));
}

TEST_F(Hang, TheLimitOfTheCommandLineComesBeforeTheConfigs) {
  begin("", {"--hang-timeout", "5", "launch.hang_timeout_s=3600"});
  ASSERT_TRUE(wait_for_event(run_, [](const Json& event) { return event["event"] == "step" && event["step"] >= 5; }))
      << said();
  kill(worker(1), SIGSTOP);
  expect_rank_1_named("");
  EXPECT_THAT(said(), HasSubstr("limit: 5"));
}

TEST_F(Hang, ARankThatIsStoppedInStartUpIsNamed) {
  begin();
  for (int i = 0; i < 2000 && worker(1) < 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  ASSERT_GT(worker(1), 0) << said();
  kill(worker(1), SIGSTOP);
  EXPECT_EQ(end(), 124) << said();
  EXPECT_THAT(said(), AllOf(HasSubstr("rank 1 hangs: stopped (state T)"), HasSubstr("start_up")));
  EXPECT_EQ(summary()["failure"]["rank"], 1);
}

TEST_F(Hang, WhereThereIsGdbTheOtherThreadsAreKeptToo) {
  ::setenv("PATH", path_.c_str(), 1);
  if (run_tlaunch({"--", "gdb", "--version"}).code != 0) GTEST_SKIP() << "no gdb";
  begin("rank=1,step=5,phase=forward");
  expect_rank_1_named("forward");
  EXPECT_THAT(stacks(1), HasSubstr("gdb, all threads:"));
  EXPECT_THAT(stacks(0), HasSubstr("Heartbeat::beat"));
}

class DeadLock : public Hang, public testing::WithParamInterface<const char*> {};

TEST_P(DeadLock, ARankThatStandsStillIsNamedWithItsPhase) {
  const std::string phase = GetParam();
  const bool between = phase == "evaluation" || phase == "save";
  begin("rank=1,step=" + std::string(between ? "20" : "5") + ",phase=" + phase);
  expect_rank_1_named(phase);
  EXPECT_THAT(said(), HasSubstr("behind the others"));
  EXPECT_THAT(stacks(1), HasSubstr("pause")) << "where the injection stands still";
}

INSTANTIATE_TEST_SUITE_P(Phases, DeadLock, testing::Values("loading", "forward", "optimizer", "evaluation", "save"),
                         [](const auto& info) { return std::string(info.param); });

TEST_F(Hang, ALauncherThatWasStoppedBlamesNobodyAndTrainingGoesOnMeanwhile) {
  begin();
  ASSERT_TRUE(wait_for_event(run_, "step")) << said();
  kill(launcher_, SIGSTOP);
  const auto size = [&] { return fs::file_size(run_ / "metrics.csv"); };
  const auto before = size();
  for (int i = 0; i < 4000 && size() < before + 20'000; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_GE(size(), before + 20'000) << "training waits for a launcher that does not read";
  std::this_thread::sleep_for(std::chrono::seconds(3));  // longer than the limit, that is the point
  kill(launcher_, SIGCONT);
  const auto steps = events_of(run_, "step").size();
  EXPECT_TRUE(wait_for_event(run_, [&](const Json& event) {
    return event["event"] == "step" && event["step"] > static_cast<std::int64_t>(steps + 50);
  }));
  kill(launcher_, SIGTERM);
  EXPECT_EQ(end(), 75) << said();
}

TEST(HangOfAProgram, SilenceIsOneWhereALimitIsGiven) {
  const TempDir scratch;
  const auto outcome = run_tlaunch({"--nproc", "2", "--hang-timeout", "1", "--run-dir", scratch / "run", "--",
                                    "/bin/sh", "-c", "echo up; exec sleep 1000"});
  EXPECT_EQ(outcome.code, 124);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("no output of any rank for "), HasSubstr("--hang-timeout 1")));
  EXPECT_THAT(content(scratch / "run/logs/attempt_0/stacks_1.txt"), HasSubstr("State:"));
}

TEST(HangOfAProgram, OutputOfOneRankIsEnough) {
  const auto outcome =
      run_tlaunch({"--nproc", "2", "--hang-timeout", "1", "--", "/bin/sh", "-c",
                   "[ $RANK = 0 ] && exec sleep 3; for i in 1 2 3 4 5 6 7 8; do printf .; sleep 0.4; done"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
}

}  // namespace
}  // namespace tlaunch::test
