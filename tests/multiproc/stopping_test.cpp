// A run that is asked to stop saves after the next steps and ends. A resume then ends like a run that nobody stopped.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "checkpoint/folder/catalog.h"
#include "tests/support/running.h"
#include "tests/support/sessions_data.h"

namespace tlaunch::test {
namespace {

using testing::HasSubstr;

class Stopping : public testing::Test {
 protected:
  Stopping() {
    write_sessions(scratch_ / "data");
    write(scratch_ / "lstm.yaml",
          "model: {name: lstm, hidden_size: 16, num_layers: 2, window: 6, top_g: 3}\n"
          "data: {name: sessions, root: data}\n"
          "train: {max_steps: 160, effective_batch_size: 48}\n"
          "eval: {every_n_steps: 3}\n"
          "checkpoint: {every_n_steps: 1000}\n"
          "tune: {enabled: false}\n"
          "log: {log_interval: 1}\n");
  }
  ~Stopping() override {
    if (launcher_ > 0) kill(launcher_, SIGKILL);
  }
  fs::path run(const std::string& tag) const { return scratch_ / tag; }
  std::vector<std::string> job(const std::string& tag, int ranks, std::vector<std::string> more) const {
    std::vector<std::string> arguments{"--nproc", std::to_string(ranks), "--run-dir", run(tag), scratch_ / "lstm.yaml"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  Outcome train(const std::string& tag, int ranks, std::vector<std::string> more = {}) const {
    return run_tlaunch(job(tag, ranks, std::move(more)));
  }
  void begin(const std::string& tag, int ranks, std::vector<std::string> more = {}) {
    auto arguments = job(tag, ranks, std::move(more));
    arguments.insert(arguments.begin(), program("tlaunch"));
    launcher_ = start(arguments, scratch_ / "out", scratch_ / "err");
  }
  bool reaches(const std::string& tag, std::int64_t step) const {
    return wait_for_event(run(tag),
                          [&](const Json& event) { return event["event"] == "step" && event["step"] >= step; });
  }
  int end() { return wait_code(std::exchange(launcher_, 0)); }
  std::string said() const { return content(scratch_ / "err"); }
  Json summary(const std::string& tag) const { return Json::parse(content(run(tag) / "summary.json")); }
  std::string last(const std::string& tag) const { return content(run(tag) / "checkpoints" / "last.safetensors"); }

  TempDir scratch_;
  pid_t launcher_ = 0;
};

// Evaluations take most of the time here, so some of the signals arrive during one.
TEST_F(Stopping, AtAnyTimeAndResumedEndsByteForByteAsTheRunThatNobodyStopped) {
  for (const int ranks : {1, 2, 3}) {
    const std::string whole = "whole" + std::to_string(ranks), part = "part" + std::to_string(ranks);
    ASSERT_EQ(train(whole, ranks).code, 0);
    std::int64_t step = 0;
    for (const std::int64_t more_steps : {1, 20, 50, 3}) {
      begin(part, ranks, step == 0 ? std::vector<std::string>{} : std::vector<std::string>{"--resume", "auto"});
      ASSERT_TRUE(reaches(part, step + more_steps)) << said();
      kill(launcher_, SIGTERM);
      ASSERT_EQ(end(), 75) << said();
      const Json told = summary(part);
      EXPECT_EQ(told["status"], "preempted");
      EXPECT_EQ(told["exit_code"], 75);
      EXPECT_GE(told["steps"], step + more_steps);
      step = told["steps"];
      EXPECT_EQ(list_checkpoints(run(part) / "checkpoints").front().step, step);
    }
    const auto rest = train(part, ranks, {"--resume", "auto"});
    EXPECT_EQ(rest.code, 0) << rest.err;
    EXPECT_EQ(last(part), last(whole)) << ranks << " ranks";
  }
}

// The end of max_time acts like a SIGTERM. There are two sessions, to show that each has the full time.
TEST_F(Stopping, WhenItsTimeIsUpARunSavesAndResumedEndsByteForByteAsTheWholeRun) {
  const std::vector<std::string> longer{"train.max_steps=8000", "eval.every_n_steps=4000"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.end(), longer.begin(), longer.end());
    return more;
  };
  ASSERT_EQ(train("whole", 2, longer).code, 0);
  std::int64_t step = 0;
  for (const bool first : {true, false}) {
    const auto began = std::chrono::steady_clock::now();
    const auto part = train("part", 2,
                            with(first ? std::vector<std::string>{"--max-time", "5s"}
                                       : std::vector<std::string>{"--resume", "auto", "--max-time", "5s"}));
    ASSERT_EQ(part.code, 75) << part.err;
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(6)) << "saved by then";
    EXPECT_THAT(part.err, testing::AllOf(HasSubstr("launch.max_time 5s is up"), HasSubstr("--resume auto")));
    const Json told = summary("part");
    EXPECT_EQ(told["status"], "preempted");
    EXPECT_EQ(told["reason"], "max_time");
    EXPECT_GT(told["steps"], step);
    step = told["steps"];
    EXPECT_EQ(list_checkpoints(run("part") / "checkpoints").front().step, step);
  }
  const auto rest = train("part", 2, with({"--resume", "auto", "--max-time", "1h"}));
  EXPECT_EQ(rest.code, 0) << rest.err;
  EXPECT_FALSE(summary("part").contains("reason"));
  EXPECT_EQ(last("part"), last("whole"));
}

TEST_F(Stopping, TimeThatIsUpInTuningOrBeforeTheFirstStepEndsWith75AndNothingIsLost) {
  const auto in_tuning = train("tuned", 2, {"--max-time", "1s", "tune.enabled=true", "tune.cache=false"});
  EXPECT_EQ(in_tuning.code, 75) << in_tuning.err;
  EXPECT_THAT(in_tuning.err, testing::AllOf(HasSubstr("is up"), HasSubstr("tuning")));
  const auto at_once = train("started", 2, {"--max-time", "1ms"});
  EXPECT_EQ(at_once.code, 75) << at_once.err;
  EXPECT_EQ(summary("started")["reason"], "max_time");
  EXPECT_TRUE(workers_of(run("started")).empty());
}

TEST_F(Stopping, ARunThatIsTooLongForItsTimeIsToldSoAtTheStartInOneLine) {
  const auto cut = train("cut", 1, {"train.max_steps=1000000", "--max-time", "5s"});
  EXPECT_EQ(cut.code, 75);
  const auto at = cut.err.find("launch.max_time 5s is less than the ");
  ASSERT_NE(at, std::string::npos) << cut.err;
  EXPECT_LT(at, cut.err.find("is up")) << cut.err;
}

TEST_F(Stopping, SavesWhateverThePolicyKeeps) {
  begin("run", 2, {"checkpoint.save_top_k=0", "checkpoint.save_last=false"});
  ASSERT_TRUE(reaches("run", 5)) << said();
  kill(launcher_, SIGTERM);
  EXPECT_EQ(end(), 75) << said();
  EXPECT_EQ(list_checkpoints(run("run") / "checkpoints").size(), 1u);
  EXPECT_THAT(said(), testing::AllOf(HasSubstr("saving and stopping"), HasSubstr("--resume auto")));
}

TEST_F(Stopping, Usr1IsTheSameWishAndCtrlCSavesTooButEndsWith130) {
  for (const auto& [signal, code, status] :
       {std::tuple{SIGUSR1, 75, "preempted"}, std::tuple{SIGINT, 130, "interrupted"}}) {
    const std::string tag = "run" + std::to_string(signal);
    begin(tag, 2);
    ASSERT_TRUE(reaches(tag, 2)) << said();
    kill(launcher_, signal);
    EXPECT_EQ(end(), code) << said();
    EXPECT_EQ(summary(tag)["status"], status);
    EXPECT_EQ(list_checkpoints(run(tag) / "checkpoints").size(), 1u);
  }
}

TEST_F(Stopping, CtrlCInAnEstimatesRehearsalEndsWith130) {
  launcher_ = start({program("tlaunch"), "--nproc", "2", "estimate", scratch_ / "lstm.yaml"}, scratch_ / "out",
                    scratch_ / "err");
  const std::function<int(const std::string&)> workers_below = [&](const std::string& process) {
    std::istringstream children(content("/proc/" + process + "/task/" + process + "/children"));
    int workers = 0;
    for (std::string child; children >> child;)
      workers += content("/proc/" + child + "/comm") == "tlaunch-worker\n" ? 1 : workers_below(child);
    return workers;
  };
  using Clock = std::chrono::steady_clock;
  const auto late = Clock::now() + std::chrono::seconds(60);
  while (Clock::now() < late && workers_below(std::to_string(launcher_)) < 2)
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  kill(launcher_, SIGINT);
  EXPECT_EQ(end(), 130) << said();
  EXPECT_EQ(content(scratch_ / "out"), "");
}

TEST_F(Stopping, ASignalToOneRankStopsAll) {
  begin("run", 3, {"eval.every_n_steps=4000"});  // no evaluations, so the signal arrives during a step
  ASSERT_TRUE(reaches("run", 2)) << said();
  const auto workers = workers_of(run("run"));
  ASSERT_EQ(workers.size(), 3u);
  kill(workers.back(), SIGTERM);
  EXPECT_EQ(end(), 75) << said();
  EXPECT_THAT(said(), HasSubstr("was asked to stop; stopping the other ranks"));
}

// The signal most likely arrives during an evaluation, where only its sums tell the other ranks that one stopped.
TEST_F(Stopping, ASignalToOneRankInAnEvaluationStopsAll) {
  for (const std::string tag : {"a", "b", "c"}) {
    begin(tag, 3, {"eval.every_n_steps=1"});
    ASSERT_TRUE(reaches(tag, 2)) << said();
    kill(workers_of(run(tag)).back(), SIGTERM);
    EXPECT_EQ(end(), 75) << said();
    EXPECT_THAT(said(), HasSubstr("was asked to stop; stopping the other ranks"));
    EXPECT_EQ(summary(tag)["status"], "preempted");
  }
}

TEST_F(Stopping, ASecondSignalKillsAtOnce) {
  begin("run", 2);
  ASSERT_TRUE(reaches("run", 2)) << said();
  for (const pid_t worker : workers_of(run("run"))) kill(worker, SIGSTOP);  // they cannot react to the first signal
  kill(launcher_, SIGTERM);
  const auto asked = std::chrono::steady_clock::now();
  ASSERT_TRUE(wait_until([&] { return said().find("saving and stopping") != std::string::npos; })) << said();
  // A second signal before that would count as the same request.
  std::this_thread::sleep_until(asked + std::chrono::milliseconds(600));
  kill(launcher_, SIGTERM);
  EXPECT_EQ(end(), 143) << said();
  EXPECT_LT(std::chrono::steady_clock::now() - asked, std::chrono::seconds(25)) << "its grace is 30 s";
  EXPECT_EQ(summary("run")["status"], "interrupted");
}

TEST_F(Stopping, WhatTheGraceDoesNotSufficeForEndsWith143) {
  begin("run", 2, {"--grace", "0.2"});
  ASSERT_TRUE(reaches("run", 2)) << said();
  for (const pid_t worker : workers_of(run("run"))) kill(worker, SIGSTOP);
  kill(launcher_, SIGTERM);
  EXPECT_EQ(end(), 143) << said();
}

TEST_F(Stopping, AKilledRankIsStartedAgainAndTheRunEndsAsIfNothingHadHappened) {
  const std::vector<std::string> often{"checkpoint.every_n_steps=10"};
  ASSERT_EQ(train("whole", 2, often).code, 0);
  begin("killed", 2, {"checkpoint.every_n_steps=10", "--max-restarts", "3"});
  std::int64_t step = 0;
  for (const int attempt : {0, 1}) {
    step += 30;
    ASSERT_TRUE(reaches("killed", step)) << said();
    ASSERT_TRUE(wait_for_event(run("killed"), [&](const Json& event) {
      return event["event"] == "start" && event["attempt"] == attempt;
    })) << said();
    const auto workers = workers_of(run("killed"));
    ASSERT_FALSE(workers.empty());
    kill(workers.back(), SIGKILL);
  }
  EXPECT_EQ(end(), 0) << said();
  EXPECT_EQ(summary("killed")["restarts"], 2);
  EXPECT_THAT(said(), testing::AllOf(HasSubstr("SIGKILL"), HasSubstr("restart 2 of 3")));
  EXPECT_EQ(last("killed"), last("whole"));
}

TEST_F(Stopping, AWorkerOnItsOwnSavesToo) {
  const auto worker = start({program("tlaunch-worker"), "train", scratch_ / "lstm.yaml", "train.max_steps=1000000",
                             "checkpoint.dirpath=" + (scratch_ / "kept").string(), "checkpoint.every_n_steps=5"},
                            scratch_ / "out", scratch_ / "err");
  ASSERT_TRUE(wait_until([&] { return !list_checkpoints(scratch_ / "kept").empty(); })) << said();
  kill(worker, SIGTERM);
  EXPECT_EQ(wait_code(worker), 75) << said();
}

}  // namespace
}  // namespace tlaunch::test
