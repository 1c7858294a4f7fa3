// Saving in a real run while the disk is full, read-only, or gone, and kills at any time: what was durable stays.
#include <gmock/gmock.h>
#include <signal.h>

#include <random>

#include "checkpoint/folder/catalog.h"
#include "tests/support/running.h"
#include "tests/support/sessions_data.h"
#include "tests/support/small_disk.h"

namespace tlaunch::test {
namespace {

using testing::HasSubstr;

class Saving : public testing::Test {
 protected:
  Saving() {
    write_sessions(scratch_ / "data");
    write(scratch_ / "lstm.yaml",
          "model: {name: lstm, hidden_size: 16, num_layers: 1, window: 6, top_g: 3}\n"
          "data: {name: sessions, root: data}\n"
          "train: {max_steps: 1000000, effective_batch_size: 32}\n"
          "tune: {enabled: false}\n");
    fs::create_directories(disk());
  }
  ~Saving() override {
    if (launcher_ > 0) kill(launcher_, SIGKILL);
  }
  fs::path run() const { return scratch_ / "run"; }
  fs::path disk() const { return scratch_ / "disk"; }
  std::vector<std::string> job(std::vector<std::string> more) const {
    std::vector<std::string> arguments{"--nproc", "2", "--run-dir", run(), scratch_ / "lstm.yaml"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  void begin(std::vector<std::string> more) {
    auto arguments = job(std::move(more));
    arguments.insert(arguments.begin(), program("tlaunch"));
    launcher_ = start(arguments, scratch_ / "out", scratch_ / "err");
  }
  int end() { return wait_code(std::exchange(launcher_, 0)); }
  std::int64_t newest_step(const fs::path& folder) const {
    const auto found = list_checkpoints(folder);
    return found.empty() || !found.front().valid ? 0 : found.front().step;
  }

  TempDir scratch_;
  pid_t launcher_ = 0;
};

TEST_F(Saving, ADiskThatFillsUpIsToldTrainingGoesOnAndTheNextSaveIsWhole) {
  if (!mount_small_disk(disk(), "size=1m")) GTEST_SKIP() << "mounting is not allowed here";
  begin({"checkpoint.every_n_steps=400", "checkpoint.dirpath=" + disk().string()});
  ASSERT_TRUE(wait_for_event(run(), "checkpoint")) << content(scratch_ / "err");
  write(disk() / "ballast", std::string(2 << 20, 'x'));
  ASSERT_TRUE(wait_for_event(run(), "save_failed")) << content(scratch_ / "err");
  fs::remove(disk() / "ballast");
  const auto failed = events_of(run(), "save_failed").front();
  EXPECT_THAT(failed["message"].get<std::string>(),
              testing::AllOf(HasSubstr(disk()), HasSubstr("No space left on device")));
  EXPECT_TRUE(wait_for_event(
      run(), [&](const Json& event) { return event["event"] == "checkpoint" && event["step"] > failed["step"]; }));
  kill(launcher_, SIGTERM);
  end();
  EXPECT_THAT(content(scratch_ / "err"), HasSubstr("could not save the checkpoint of step"));
  for (const auto& one : list_checkpoints(disk())) EXPECT_TRUE(one.valid) << one.reason;
  for (const auto& entry : fs::directory_iterator(disk()))
    EXPECT_EQ(entry.path().extension(), ".safetensors") << "nothing is left behind";
}

TEST_F(Saving, WhatIsToStayFreeStaysFree) {
  if (!mount_small_disk(disk(), "size=4m")) GTEST_SKIP() << "mounting is not allowed here";
  const auto refused = run_tlaunch(job({"checkpoint.dirpath=" + disk().string(), "checkpoint.min_free_gb=0.01"}));
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err,
              testing::AllOf(HasSubstr("leave 10 MB free (checkpoint.min_free_gb)"), HasSubstr("are free")));
  fs::remove_all(run());

  begin({"checkpoint.every_n_steps=400", "checkpoint.dirpath=" + disk().string(), "checkpoint.min_free_gb=0.002"});
  ASSERT_TRUE(wait_for_event(run(), "checkpoint")) << content(scratch_ / "err");
  write(disk() / "ballast", std::string(21 << 17, 'x'));  // 2.6 of 4 MiB: a checkpoint would find its place
  ASSERT_TRUE(wait_for_event(run(), "save_failed")) << content(scratch_ / "err");
  fs::remove(disk() / "ballast");
  const auto failed = events_of(run(), "save_failed").front();
  EXPECT_THAT(failed["message"].get<std::string>(),
              testing::AllOf(HasSubstr(disk()), HasSubstr("checkpoint.min_free_gb keeps 2 MB free")));
  EXPECT_TRUE(wait_for_event(
      run(), [&](const Json& event) { return event["event"] == "checkpoint" && event["step"] > failed["step"]; }));
  kill(launcher_, SIGTERM);
  end();
}

TEST_F(Saving, AfterThreeFailuresInARowTheRunEndsWithTheReasonAndTheOldFilesStay) {
  if (!mount_small_disk(disk(), "size=1m")) GTEST_SKIP() << "mounting is not allowed here";
  begin({"checkpoint.every_n_steps=100", "checkpoint.dirpath=" + disk().string()});
  ASSERT_TRUE(wait_for_event(run(), "checkpoint")) << content(scratch_ / "err");
  ASSERT_EQ(::mount(nullptr, disk().c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr), 0);
  EXPECT_EQ(end(), 74);
  EXPECT_THAT(content(scratch_ / "err"), testing::AllOf(HasSubstr("Read-only file system"), HasSubstr(disk()),
                                                        HasSubstr("3 saves in a row failed")));
  EXPECT_GT(newest_step(disk()), 0);
}

TEST_F(Saving, ADiskThatIsTooSmallIsRefusedBeforeStepOneWithBothNumbersOrFitted) {
  if (!mount_small_disk(disk(), "size=192k")) GTEST_SKIP() << "mounting is not allowed here";
  const std::vector<std::string> large{"train.max_steps=300", "checkpoint.every_n_steps=20", "checkpoint.save_top_k=-1",
                                       "checkpoint.dirpath=" + disk().string()};
  const auto refused = run_tlaunch(job(large));
  EXPECT_EQ(refused.code, 2) << refused.err;
  EXPECT_THAT(refused.err,
              testing::AllOf(HasSubstr("15 checkpoints of"), HasSubstr("are free"), HasSubstr("--fit-disk")));
  EXPECT_TRUE(events_of(run(), "step").empty());
  EXPECT_TRUE(list_checkpoints(disk()).empty());

  fs::remove_all(run());
  auto fitting = large;
  fitting.push_back("--fit-disk");
  const auto fitted = run_tlaunch(job(fitting));
  EXPECT_EQ(fitted.code, 0) << fitted.err;
  EXPECT_THAT(fitted.err, HasSubstr("checkpoint.save_top_k="));
  EXPECT_TRUE(events_of(run(), "save_failed").empty());
  EXPECT_EQ(newest_step(disk()), 300);
}

TEST_F(Saving, SavesByTheClockAreCountedByThePaceThatThePlanHas) {
  if (!mount_small_disk(disk(), "size=192k")) GTEST_SKIP() << "mounting is not allowed here";
  const auto by_clock = [&](std::vector<std::string> more) {
    more.insert(more.end(),
                {"checkpoint.every_minutes=10", "checkpoint.save_top_k=-1", "checkpoint.dirpath=" + disk().string()});
    return run_tlaunch(job(more));
  };
  const auto first = by_clock({"train.max_steps=20"});
  ASSERT_EQ(first.code, 0) << first.err;  // the pace is not known: one save
  auto plan = Json::parse(content(run() / "plan.json"));
  plan["samples_per_s"] = 4;  // 1200 steps of 32 samples take 9600 s
  write(run() / "plan.json", plan.dump());
  const auto refused = by_clock({"train.max_steps=1220", "--resume", "auto"});
  EXPECT_EQ(refused.code, 2) << refused.err;
  EXPECT_THAT(refused.err, HasSubstr("17 checkpoints of"));
}

TEST_F(Saving, AFolderRemovedWhileRunningIsMadeAgain) {
  begin({"checkpoint.every_n_steps=50"});
  ASSERT_TRUE(wait_for_event(run(), "checkpoint")) << content(scratch_ / "err");
  fs::remove_all(run() / "checkpoints");
  const auto seen = events_of(run(), "checkpoint").size();
  EXPECT_TRUE(wait_for_event(run(), [&](const Json&) { return events_of(run(), "checkpoint").size() > seen + 1; }));
  kill(launcher_, SIGTERM);
  end();
  EXPECT_GT(newest_step(run() / "checkpoints"), 0);
}

TEST_F(Saving, TwentyKillsAtRandomTimesLoseNoDurableCheckpoint) {
  std::mt19937 random(3);
  std::uniform_real_distribution<double> delay_s(0, 0.3);
  const auto folder = run() / "checkpoints";
  std::int64_t before = 0;
  for (int n = 0; n < 20; ++n) {
    std::vector<std::string> more{"checkpoint.every_n_steps=2"};
    if (n > 0) more.insert(more.end(), {"--resume", "auto"});
    begin(more);
    ASSERT_TRUE(wait_for_event(run(), [&](const Json& event) {
      return event["event"] == "checkpoint" && event["step"] > before;
    })) << content(scratch_ / "err");
    std::this_thread::sleep_for(std::chrono::duration<double>(delay_s(random)));  // at a random time is what is asked
    before = std::max(before, newest_step(folder));
    const auto workers = workers_of(run());
    for (const pid_t worker : workers) kill(worker, SIGKILL);
    EXPECT_EQ(end(), 137);
    const auto choice = newest_valid(folder);
    const auto after = newest_step(folder);
    EXPECT_TRUE(choice.skipped.empty()) << choice.skipped.front();
    ASSERT_GE(after, before);
    before = after;
  }
  int temporaries = 0;
  for (const auto& entry : fs::directory_iterator(folder)) temporaries += entry.path().extension() != ".safetensors";
  EXPECT_LE(temporaries, 1);
}

}  // namespace
}  // namespace tlaunch::test
