// Signals in the middle of LSTM steps, whose kernels leave no stack to a handler (trainer/diagnosis/signal_thread.h).
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "tests/support/running.h"
#include "tests/support/sessions_data.h"

namespace tlaunch::test {
namespace {

class Signals : public testing::Test {
 protected:
  Signals() {
    write_sessions(scratch_ / "data");
    write(scratch_ / "lstm.yaml",
          "model: {name: lstm, hidden_size: 64, num_layers: 2, window: 10, top_g: 3}\n"
          "data: {name: sessions, root: data}\n"
          "train: {max_steps: 800, effective_batch_size: 64}\n"
          "eval: {every_n_steps: 800}\n"
          "tune: {enabled: false}\n"
          "log: {log_interval: 1}\n");
  }
  ~Signals() override {
    if (launcher_ > 0) kill(launcher_, SIGKILL);
  }
  void begin(const std::string& tag) {
    launcher_ = start({program("tlaunch"), "--nproc", "2", "--run-dir", scratch_ / tag, scratch_ / "lstm.yaml"},
                      scratch_ / "out", scratch_ / "err");
  }
  int end() { return wait_code(std::exchange(launcher_, 0)); }
  std::string last(const std::string& tag) const {
    return content(scratch_ / tag / "checkpoints" / "last.safetensors");
  }
  std::string said() const { return content(scratch_ / "err"); }

  TempDir scratch_;
  pid_t launcher_ = 0;
};

TEST_F(Signals, FiveHundredRequestsForAStackChangeNoBitOfTheRun) {
  begin("quiet");
  ASSERT_EQ(end(), 0) << said();
  begin("flooded");
  ASSERT_TRUE(wait_for_event(scratch_ / "flooded", "step")) << said();
  const auto workers = workers_of(scratch_ / "flooded");
  ASSERT_EQ(workers.size(), 2u);
  for (int sent = 0; sent < 500 && kill(workers[0], SIGUSR2) == 0; ++sent)
    std::this_thread::sleep_for(std::chrono::milliseconds(2));  // else many of them are taken as one
  EXPECT_EQ(end(), 0) << said();
  EXPECT_TRUE(last("flooded") == last("quiet"));
  std::string stacks;
  for (const int rank : {0, 1})
    stacks += content(scratch_ / "flooded/logs/attempt_0" / ("stacks_" + std::to_string(rank) + ".txt"));
  EXPECT_THAT(stacks, testing::HasSubstr("training thread:")) << "they were answered";
}

TEST_F(Signals, AStopSignalToEveryRankInAStormOfOthersSaves) {
  begin("run");
  ASSERT_TRUE(wait_for_event(scratch_ / "run", "step")) << said();
  const auto workers = workers_of(scratch_ / "run");
  for (int sent = 0; sent < 100; ++sent) {
    for (const pid_t worker : workers) kill(worker, sent % 2 == 0 ? SIGUSR1 : SIGTERM);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  EXPECT_EQ(end(), 75) << said();
  EXPECT_FALSE(last("run").empty());
}

}  // namespace
}  // namespace tlaunch::test
