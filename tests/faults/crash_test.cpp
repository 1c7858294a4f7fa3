// A worker that crashes says in which step and phase, and where, before it dies of its signal.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "tests/support/running.h"
#include "tests/support/sessions_data.h"

namespace tlaunch::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class Crash : public testing::TestWithParam<int> {};

TEST_P(Crash, IsTheRunsFailureWithStepAndPhase) {
  const TempDir scratch;
  const fs::path run = scratch / "run";
  write_sessions(scratch / "data");
  write(scratch / "lstm.yaml",
        "model: {name: lstm, hidden_size: 16, num_layers: 2, window: 6, top_g: 3}\n"
        "data: {name: sessions, root: data}\n"
        "train: {max_steps: 100000, effective_batch_size: 48}\n"
        "tune: {enabled: false}\n"
        "log: {log_interval: 1}\n");
  const pid_t launcher = start({program("tlaunch"), "--nproc", "2", "--run-dir", run, scratch / "lstm.yaml"},
                               scratch / "out", scratch / "err");
  EXPECT_TRUE(wait_for_event(run, [](const Json& event) { return event["event"] == "step" && event["step"] >= 3; }));
  for (const pid_t pid : workers_of(run))
    if (content("/proc/" + std::to_string(pid) + "/environ").find(std::string("\0RANK=1", 7) + '\0') !=
        std::string::npos)
      kill(pid, GetParam());
  EXPECT_EQ(wait_code(launcher), 128 + GetParam()) << content(scratch / "err");

  const std::string name = std::string("SIG") + sigabbrev_np(GetParam());
  Json told;
  for (const auto& event : events_of(run, "failure"))
    if (event["rank"] == 1) told = event;
  ASSERT_TRUE(told.is_object());
  EXPECT_THAT(told["message"].get<std::string>(), AllOf(HasSubstr(name), HasSubstr("in step ")));
  EXPECT_GE(told["step"], 3);
  EXPECT_EQ(told["exit_code"], 128 + GetParam());
  const auto summary = Json::parse(content(run / "summary.json"));
  EXPECT_EQ(summary["failure"]["rank"], 1);
  EXPECT_THAT(content(run / "logs/attempt_0/rank_1.log"), AllOf(HasSubstr("error: " + name), HasSubstr(")[0x")));
}

INSTANTIATE_TEST_SUITE_P(Signals, Crash, testing::Values(SIGSEGV, SIGABRT),
                         [](const auto& info) { return std::string(sigabbrev_np(info.param)); });

}  // namespace
}  // namespace tlaunch::test
