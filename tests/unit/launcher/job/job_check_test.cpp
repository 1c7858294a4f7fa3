// Errors in data, model or weights are reported once by every command, before anything is measured or started.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "tests/unit/launcher/run_command_fixture.h"

namespace tlaunch {
namespace {

using test::content;
using test::Finished;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
namespace fs = std::filesystem;
using Words = std::vector<std::string>;

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

class JobCheckTest : public test::RunCommandTest {
 protected:
  Finished checked(const Words& words, const std::string& answer, Words variables = {}) const {
    variables.push_back("FAKE_CHECK=" + answer);
    variables.push_back("FAKE_CHECKS=" + path("checks"));
    return tlaunch(words, variables);
  }
  std::size_t checks() const { return count(content(path("checks")), "\n"); }
};

TEST_F(JobCheckTest, EveryCommandTellsItOnceWithTheCodeOfARun) {
  ASSERT_EQ(tlaunch({"--run-dir", path("old"), config_, "train.epochs=1", "data.root=/elsewhere"}).exit_code, 0);
  const std::string checkpoint = path("old/checkpoints/epoch_01-step_20.safetensors");
  const std::vector<Words> commands = {{config_, "--nproc", "2", "--run-dir", path("r")},
                                       {config_, "--nproc", "2", "tune.enabled=true", "--run-dir", path("r")},
                                       {config_, "--smoke", "--run-dir", path("r")},
                                       {config_, "--dry-run"},
                                       {"tune", config_},
                                       {"estimate", config_},
                                       {"evaluate", config_, "--checkpoint", checkpoint}};
  for (const auto& [code, message] : std::vector<std::pair<int, std::string>>{
           {65, "/data/train: not found"}, {2, "this cannot be"}, {1, "the model's constructor\nin two lines"}})
    for (const Words& words : commands) {
      const Finished run = checked(words, std::to_string(code) + ":" + message);
      EXPECT_EQ(run.exit_code, code) << words[0] << ": " << run.err;
      EXPECT_EQ(count(run.out + run.err, message), 1u) << run.err;
      EXPECT_THAT(run.err, Not(HasSubstr("says something first")));
      EXPECT_FALSE(fs::exists(path("r"))) << "nothing is left behind";
    }
}

TEST_F(JobCheckTest, AGoodAnswerIsKeptAsLongAsTheFilesAreTheSame) {
  const Words line{config_, "--dry-run", "data.root=" + path("data")};
  test::write(path("data/train"), "x");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(checked(line, "0:640").exit_code, 0);
  EXPECT_EQ(checks(), 1u);
  fs::create_directory(path("data/class_1"));
  test::write(path("data/class_1/one.png"), "x");
  EXPECT_EQ(checked(line, "65:damaged").exit_code, 65) << "a file deeper in the folder";
  EXPECT_EQ(checked(line, "65:damaged").exit_code, 65) << "a bad answer is not kept";
  EXPECT_EQ(checks(), 3u);
  fs::remove(path("data/train"));
  EXPECT_EQ(checked(line, "0:640").exit_code, 0);
  EXPECT_EQ(checked({config_, "--dry-run", "data.root=" + path("data"), "model.depth=14"}, "0:640").exit_code, 0);
  EXPECT_EQ(checks(), 5u) << "another model";
}

TEST_F(JobCheckTest, WeightsAreAskedForWhereARunWouldLoadThem) {
  const std::string weights = "model.weights=" + path("w.safetensors");
  const Words start{config_, "train.epochs=1", "--run-dir", path("r"), weights};
  ASSERT_EQ(checked(start, "0:640").exit_code, 0);
  EXPECT_THAT(content(path("checks")), Not(HasSubstr("--no-weights")));
  Words resume = start;
  resume.insert(resume.end(), {"--resume", "auto"});
  ASSERT_EQ(checked(resume, "0:640").exit_code, 0);
  EXPECT_EQ(count(content(path("checks")), "--no-weights"), 1u) << "the checkpoint has them";
  EXPECT_THAT(content(path("checks")), HasSubstr("--resume " + path("r/checkpoints/")));
  // There is nothing to resume: the run starts from the beginning and needs the weights.
  const Finished anew = checked({config_, "train.epochs=1", "--run-dir", path("s"), "--resume", "auto",
                                 "model.weights=" + path("absent.safetensors")},
                                "65:no such weights", {"FAKE_CHECK_WEIGHTS=1"});
  EXPECT_EQ(anew.exit_code, 65);
  EXPECT_EQ(count(anew.err, "no such weights"), 1u);
}

TEST_F(JobCheckTest, ABatchLargerThanTheDataIsRefusedAndOneLeftToAutoIsNot) {
  const Finished large = checked({config_, "--run-dir", path("r")}, "0:20");
  EXPECT_EQ(large.exit_code, 2);
  EXPECT_THAT(large.err,
              HasSubstr("train.effective_batch_size=32 is more than the 20 training samples; the largest possible is "
                        "train.effective_batch_size=20"));
  EXPECT_EQ(checked({config_, "--dry-run"}, "0:20").exit_code, 2);
  const Finished open =
      checked({config_, "--nproc", "2", "--dry-run", "--json", "train.effective_batch_size=auto"}, "0:20");
  EXPECT_EQ(open.exit_code, 0) << open.err;
  EXPECT_EQ(Json::parse(open.out)["config"]["train.effective_batch_size"]["value"], 16);
}

TEST_F(JobCheckTest, AWorkerThatCannotBeAskedIsTakenAtItsWord) {
  EXPECT_EQ(checked({config_, "train.epochs=1", "--run-dir", path("r")}, "139:it crashed").exit_code, 0)
      << "the ranks report it";
  EXPECT_EQ(checks(), 1u);
  fs::remove_all(path("cache"));
  EXPECT_EQ(checked({config_, "--dry-run"}, "65:not asked", {"FAKE_DESCRIBE=old"}).exit_code, 0);
  EXPECT_EQ(checks(), 1u);
}

TEST_F(JobCheckTest, WhatTuneIsToWriteIsLookedAtBeforeItMeasures) {
  const Finished team = tlaunch({"tune", config_, "--team"});
  EXPECT_EQ(team.exit_code, 2);
  EXPECT_THAT(team.err, AllOf(HasSubstr("--team needs tune.team_file"), Not(HasSubstr("tuning:"))));
  test::write(path("team.yaml"), "team_gpu_settings: 3\n");
  EXPECT_EQ(tlaunch({"tune", config_, "--team", "tune.team_file=" + path("team.yaml")}).exit_code, 2);
  EXPECT_EQ(tlaunch({"tune", config_, "--team", "tune.team_file=" + path("no/such/team.yaml")}).exit_code, 74);
  ::chmod(config_.c_str(), 0400);
  const Finished written = tlaunch({"tune", config_, "--write"});
  EXPECT_EQ(written.exit_code, 2);
  EXPECT_THAT(written.err, AllOf(HasSubstr("write-protected"), Not(HasSubstr("tuning:"))));
  EXPECT_EQ(written.out, "");
}

}  // namespace
}  // namespace tlaunch
