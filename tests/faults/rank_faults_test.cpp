// What may befall a rank, in each part of a run: the run ends soon, with the right code, the rank and the place named,
// and nothing left running. The ranks are real workers that fall where they are told to (contract/worker_env.h).
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
using Clock = std::chrono::steady_clock;

class RankFault : public testing::Test {
 protected:
  RankFault() {
    ::setenv("PATH", "/nowhere", 1);  // no gdb: it takes seconds
    write_sessions(scratch_ / "data");
    write(scratch_ / "lstm.yaml",
          "model: {name: lstm, hidden_size: 16, num_layers: 1, window: 6, top_g: 3}\n"
          "data: {name: sessions, root: data}\n"
          "train: {max_steps: 100000, effective_batch_size: 48}\n"
          "eval: {every_n_steps: 20}\n"
          "checkpoint: {every_n_steps: 20}\n"
          "tune: {enabled: false}\n"
          "launch: {hang_timeout_s: 1}\n"
          "log: {log_interval: 1}\n");
  }
  ~RankFault() override {
    ::unsetenv("TLAUNCH_INJECT_FAULT");
    ::setenv("PATH", path_.c_str(), 1);
  }
  // `fault` befalls rank 1 at `place`.
  Outcome train(const std::string& place, const std::string& fault, const std::vector<std::string>& more = {}) {
    ::setenv("TLAUNCH_INJECT_FAULT", ("rank=1," + place + ",fault=" + fault).c_str(), 1);
    std::vector<std::string> arguments{"--nproc", "2", "--run-dir", run_, scratch_ / "lstm.yaml"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_tlaunch(arguments);
  }
  Json summary() const { return Json::parse(content(run_ / "summary.json")); }

  const std::string path_ = variable("PATH", "");
  TempDir scratch_;
  const fs::path run_ = scratch_ / "run";
};

struct Fall {
  const char* name;
  const char* place;
  const char* fault;
  int code;
  const char* cause;
  const char* where;  // told on the terminal
};
void PrintTo(const Fall& fall, std::ostream* out) { *out << fall.fault << " at " << fall.place; }

class RankFalls : public RankFault, public testing::WithParamInterface<Fall> {};

TEST_P(RankFalls, TheRunEndsSoonAndNamesIt) {
  const Fall& fall = GetParam();
  const auto start = Clock::now();
  const auto outcome = train(fall.place, fall.fault);
  EXPECT_LT(Clock::now() - start, std::chrono::seconds(15)) << "the grace is 30 s, the least limit of a start-up 60 s";
  EXPECT_EQ(outcome.code, fall.code) << outcome.err;
  EXPECT_THAT(outcome.err, AllOf(testing::ContainsRegex("root cause: rank 1 \\(on host [^)]+\\) (failed|was killed)"),
                                 HasSubstr(fall.cause), HasSubstr(fall.where)));
  EXPECT_EQ(summary()["exit_code"], fall.code);
  EXPECT_EQ(summary()["failure"]["rank"], 1);
  EXPECT_TRUE(workers_of(run_).empty());
}

constexpr const char *start_up = "step=0,phase=start_up", *collective = "step=5,phase=backward",
                     *evaluation = "step=20,phase=evaluation", *save = "step=20,phase=save";
constexpr const char *killed = "SIGKILL", *crashed = "SIGSEGV (segmentation fault)",
                     *left = "left with exit code 0 before its work was done", *stopped = "stopped (state T)";
// A stopped rank in start-up and in a step: hang_test.cpp; a crash in a step: crash_test.cpp.
const Fall falls[] = {
    {"KilledInStartUp", start_up, "kill", 137, killed, "in start-up"},
    {"KilledInACollective", collective, "kill", 137, killed, "step 5, backward"},
    {"KilledInAnEvaluation", evaluation, "kill", 137, killed, "step 20, evaluation"},
    {"KilledInASave", save, "kill", 137, killed, "step 20, save"},
    {"CrashedInStartUp", start_up, "segv", 139, crashed, "in step 0, start_up"},
    {"CrashedInAnEvaluation", evaluation, "segv", 139, crashed, "in step 20, evaluation"},
    {"CrashedInASave", save, "segv", 139, crashed, "in step 20, save"},
    {"LeftInStartUp", start_up, "leave", 1, left, "in start-up"},
    {"LeftInACollective", collective, "leave", 1, left, "step 5, backward"},
    {"LeftInAnEvaluation", evaluation, "leave", 1, left, "step 20, evaluation"},
    {"LeftInASave", save, "leave", 1, left, "step 20, save"},
    {"StoppedInAnEvaluation", evaluation, "stop", 124, stopped, "rank 0: step 20, evaluation, waits for the others"},
    {"StoppedInASave", save, "stop", 124, stopped, "rank 0: step 20, save, waits for the others"},
};

INSTANTIATE_TEST_SUITE_P(Places, RankFalls, testing::ValuesIn(falls),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_F(RankFault, AfterAHangTheRunGoesOnFromTheNewestCheckpoint) {
  const auto outcome = train("step=30,phase=loading", "stop", {"--max-restarts", "1", "train.max_steps=60"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err,
              AllOf(HasSubstr("rank 1 hangs"), HasSubstr("restart 1 of 1"), HasSubstr("resumed at step 20")));
  EXPECT_EQ(summary()["restarts"], 1);
  EXPECT_EQ(summary()["steps"], 60);
  const auto restarts = events_of(run_, "restart");
  ASSERT_EQ(restarts.size(), 1u);
  EXPECT_EQ(restarts[0]["exit_code"], 124);
}

TEST_F(RankFault, KillingTheLauncherOfATrainingRunLeavesNoProcess) {
  const pid_t launcher = start({program("tlaunch"), "--nproc", "2", "--run-dir", run_, scratch_ / "lstm.yaml"},
                               scratch_ / "out", scratch_ / "err");
  ASSERT_TRUE(wait_for_event(run_, "step")) << content(scratch_ / "err");
  ASSERT_EQ(workers_of(run_).size(), 2u);
  kill(launcher, SIGKILL);
  const auto killed_at = Clock::now();
  wait_code(launcher);
  while (!workers_of(run_).empty() && Clock::now() - killed_at < std::chrono::seconds(20))
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_TRUE(workers_of(run_).empty());
}

TEST(PlainProgram, ThatHangsIsStartedAgain) {
  const auto outcome = run_tlaunch({"--nproc", "2", "--hang-timeout", "1", "--max-restarts", "1", "--", "/bin/sh", "-c",
                                    "[ $TORCHELASTIC_RESTART_COUNT = 1 ] && echo done || exec sleep 1000"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("no output of any rank for "), HasSubstr("restart 1 of 1")));
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("[rank 0] done"), HasSubstr("[rank 1] done")));
}

// torchrun's contract: a rank may be done sooner. What then waits for it in vain is a hang.
TEST(PlainProgram, ThatWaitsForARankThatLeftEndsAtTheHangTimeout) {
  const auto outcome =
      run_tlaunch({"--nproc", "2", "--hang-timeout", "1", "--", "/bin/sh", "-c", "[ $RANK = 1 ] || exec sleep 1000"});
  EXPECT_EQ(outcome.code, 124) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("rank 0"));
}

// All that a launch might leave its traces in is one empty folder.
class Traces : public testing::Test {
 protected:
  Traces() {
    for (auto& [name, value] : kept_) {
      value = variable(name.c_str(), "");
      ::setenv(name.c_str(), place_.path().c_str(), 1);
    }
    fs::current_path(place_.path());
  }
  ~Traces() override {
    fs::current_path(before_);
    for (const auto& [name, value] : kept_)
      value.empty() ? ::unsetenv(name.c_str()) : ::setenv(name.c_str(), value.c_str(), 1);
  }
  std::vector<std::string> processes() const {  // but this one
    std::vector<std::string> found;
    std::error_code not_ours;
    for (const auto& process : fs::directory_iterator("/proc"))
      if (fs::read_symlink(process.path() / "cwd", not_ours) == place_.path() &&
          process.path().filename().string().find_first_not_of("0123456789") == std::string::npos &&
          std::stoi(process.path().filename()) != ::getpid())
        found.push_back(process.path());
    return found;
  }

  std::map<std::string, std::string> kept_{
      {"HOME", ""},          {"TMPDIR", ""},         {"XDG_CACHE_HOME", ""}, {"XDG_CONFIG_HOME", ""},
      {"XDG_DATA_HOME", ""}, {"XDG_STATE_HOME", ""}, {"XDG_RUNTIME_DIR", ""}};
  const fs::path before_ = fs::current_path();
  const TempDir place_;
};

TEST_F(Traces, OfFiftyLaunchesThereAreNone) {
  const auto in_shared_memory = [] {
    return std::distance(fs::directory_iterator("/dev/shm"), fs::directory_iterator());
  };
  const auto before = in_shared_memory();
  const std::vector<std::string> shell{"/bin/sh", "-c",
                                       "for fd in /proc/$$/fd/*; do printf '%s ' ${fd##*/}; done; echo"};
  ASSERT_EQ(wait_code(start(shell, place_ / "out", place_ / "err")), 0);
  const std::string descriptors = content(place_ / "out");  // of a program that nobody launched
  fs::remove(place_ / "out");
  fs::remove(place_ / "err");
  for (int i = 0; i < 50; ++i) {
    const auto outcome = run_tlaunch({"--nproc", "2", "--", shell[0], shell[1], shell[2]});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    ASSERT_THAT(outcome.out, AllOf(HasSubstr("[rank 0] " + descriptors), HasSubstr("[rank 1] " + descriptors)));
  }
  EXPECT_TRUE(fs::is_empty(place_.path())) << fs::directory_iterator(place_.path())->path();
  EXPECT_EQ(in_shared_memory(), before);
  EXPECT_THAT(processes(), testing::IsEmpty());
}

}  // namespace
}  // namespace tlaunch::test
