// The whole launcher with a worker that only speaks the contract (fake_worker.py): run, resume, errors, smoke, cache.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "checkpoint/safetensors/safetensors.h"
#include "checkpoint/torch_file/torch_file.h"
#include "tests/support/running.h"
#include "tests/unit/launcher/run_command_fixture.h"

namespace tlaunch {
namespace {

using test::ChildProcess;
using test::content;
using test::Finished;
using test::RunCommandTest;
namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST_F(RunCommandTest, ARunLeavesItsFilesItsSummaryAndPlainNarration) {
  const Finished run = tlaunch({"--nproc", "2", "--run-dir", path("r"), "--json", config_, "train.epochs=2"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  for (const char* name : {"config.yaml", "plan.json", "events.jsonl", "summary.json", "logs/attempt_0/rank_1.log"})
    EXPECT_TRUE(fs::exists(path("r") + "/" + name)) << name;
  const Json told = summary("r");
  EXPECT_EQ(told, Json::parse(run.out)) << "--json prints the content of summary.json and nothing else";
  EXPECT_EQ(told["status"], "completed");
  EXPECT_EQ(told["epochs"], 2);
  EXPECT_EQ(told["steps"], 40);
  EXPECT_EQ(told["samples"], 40 * 32);
  EXPECT_GT(told["estimate"]["likely_s"], 0);
  EXPECT_EQ(events("r", "plan").size(), 1u);
  EXPECT_EQ(events("r", "estimate").size(), 1u);
  EXPECT_GE(events("r", "eta").size(), 2u);
  for (const Json& step : events("r", "step")) EXPECT_EQ(step["attempt"], 0);
  EXPECT_THAT(run.err, AllOf(HasSubstr("* batch: 16 (micro-batch) x 1 (accumulation) x 2 ranks = 32 (effective batch)"),
                             HasSubstr("eval at step 20"), HasSubstr("time estimate: "), HasSubstr("completed after")));
  EXPECT_EQ(run.err.find_first_of("\r\x1b"), std::string::npos);
}

TEST_F(RunCommandTest, ThePlanSaysWhereEachRankIs) {
  const Finished run = tlaunch({"--nproc", "2", "--numa", "node", "--run-dir", path("r"), config_, "train.epochs=1"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const Json plan = Json::parse(content(path("r/plan.json")));
  ASSERT_EQ(plan["placement"].size(), 2u);
  EXPECT_EQ(events("r", "plan").at(0)["placement"], plan["placement"]);
  EXPECT_THAT(content(path("r/config.yaml")), HasSubstr("numa: node"));
  const Json& rank = plan["placement"][1];
  EXPECT_EQ(rank["rank"], 1);
  EXPECT_GE(rank["core_share"], 1);
  // If the kernel reports no NUMA nodes, the plan says so.
  EXPECT_THAT(run.err,
              HasSubstr(rank.contains("cores") ? "cores " + rank["cores"].get<std::string>() : "ranks not pinned"));
  const Finished dry = tlaunch({"--dry-run", "--json", "--numa", "node", config_});
  EXPECT_EQ(Json::parse(dry.out)["config"]["launch.numa"],
            Json::parse(R"({"value": "node", "source": "command line"})"));
  EXPECT_EQ(Json::parse(dry.out)["placement"].size(), 1u);
}

TEST_F(RunCommandTest, RunsAreKeptByNameAndLatestIsTheNewest) {
  ASSERT_EQ(tlaunch({config_, "train.epochs=1"}).exit_code, 0);
  const Json told = Json::parse(content(path("runs/job/latest/summary.json")));
  EXPECT_EQ(fs::canonical(told["run_dir"].get<std::string>()), fs::canonical(path("runs/job/latest")));
  const Finished resumed = tlaunch({"--resume", "auto", config_, "train.epochs=2"});
  EXPECT_THAT(resumed.err, HasSubstr("resumed at step 20"));
}

TEST_F(RunCommandTest, AFolderThatHoldsARunNeedsResume) {
  ASSERT_EQ(tlaunch({"--run-dir", path("r"), config_, "train.epochs=1"}).exit_code, 0);
  const Finished again = tlaunch({"--run-dir", path("r"), config_});
  EXPECT_EQ(again.exit_code, 2);
  EXPECT_THAT(again.err, HasSubstr("--resume auto"));
  const Finished changed = tlaunch({"--run-dir", path("r"), "--resume", "auto", config_, "train.learning_rate=0.5"});
  EXPECT_EQ(changed.exit_code, 2);
  EXPECT_THAT(changed.err, HasSubstr("train.learning_rate is 0.5 and was 0.001 in the resumed run"));
  ASSERT_EQ(tlaunch({"--run-dir", path("r"), "--resume", "auto", config_, "train.epochs=3"}).exit_code, 0);
  EXPECT_EQ(summary("r")["steps"], 60);
  EXPECT_EQ(events("r", "step").size(), 60u) << "appended; no step is repeated";
  EXPECT_EQ(events("r", "resume").at(0)["attempt"], 1);
  EXPECT_EQ(summary("r")["actual"]["steps"], 40) << "the steps of actual.wall_s";
  EXPECT_EQ(summary("r")["actual"]["start_step"], 20);
}

TEST_F(RunCommandTest, ResumeSkipsADamagedCheckpointAndSaysSo) {
  ASSERT_EQ(tlaunch({"--run-dir", path("r"), config_, "train.epochs=2"}).exit_code, 0);
  fs::resize_file(path("r/checkpoints/epoch_02-step_40.safetensors"), 30);
  const Finished resumed = tlaunch({"--run-dir", path("r"), "--resume", "auto", config_});
  EXPECT_EQ(resumed.exit_code, 0);
  EXPECT_THAT(resumed.err,
              AllOf(HasSubstr("skipped checkpoint epoch_02-step_40.safetensors"), HasSubstr("resumed at step 20")));
}

TEST_F(RunCommandTest, ResumeWithoutACheckpointStartsFromNothingAndSaysSo) {
  ASSERT_EQ(tlaunch({"--run-dir", path("r"), config_}, {"FAKE_FAIL=0:7"}).exit_code, 7);
  const Finished resumed = tlaunch({"--run-dir", path("r"), "--resume", "auto", config_});
  EXPECT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_THAT(resumed.err, HasSubstr("no valid checkpoint"));
}

TEST_F(RunCommandTest, ResumeFromACheckpointStartsANewRunThatNamesItsParent) {
  ASSERT_EQ(tlaunch({"--run-dir", path("r"), config_, "train.epochs=1"}).exit_code, 0);
  const std::string checkpoint = path("r/checkpoints/epoch_01-step_20.safetensors");
  ASSERT_EQ(tlaunch({"--run-dir", path("s"), "--resume", checkpoint, config_}).exit_code, 0);
  EXPECT_EQ(summary("s")["resumed_from"], checkpoint);
  EXPECT_EQ(events("s", "step").front()["step"], 21);
  EXPECT_EQ(tlaunch({"--run-dir", path("t"), "--resume", path("nothing.safetensors"), config_}).exit_code, 2);
  EXPECT_EQ(tlaunch({"--run-dir", path("t"), "--resume", path("r"), config_}).exit_code, 2);
  test::write(path("bad.safetensors"), "not a checkpoint");
  EXPECT_EQ(tlaunch({"--run-dir", path("t"), "--resume", path("bad.safetensors"), config_}).exit_code, 65);
  write_safetensors(path("bad.safetensors"), {}, {{"tlaunch.step", "nine"}, {"tlaunch.epoch", "1"}});
  const Finished no_count = tlaunch({"--run-dir", path("t"), "--resume", path("bad.safetensors"), config_});
  EXPECT_EQ(no_count.exit_code, 65);
  EXPECT_THAT(no_count.err, HasSubstr("bad.safetensors: tlaunch.step in its metadata is not a count"));
  write_torch(path("w.pt"), {});
  const Finished torch = tlaunch({"--run-dir", path("t"), "--resume", path("w.pt"), config_});
  EXPECT_EQ(torch.exit_code, 65);
  EXPECT_THAT(torch.err, AllOf(HasSubstr("w.pt: is a file of torch.save and has no state"),
                               HasSubstr("--output w.safetensors, and set model.weights to that file in place of")));
  EXPECT_FALSE(fs::exists(path("t")));
}

TEST_F(RunCommandTest, AFailedRankEndsTheRunWithItsCodeAndASummary) {
  const Finished run = tlaunch({"--nproc", "2", "--run-dir", path("r"), config_}, {"FAKE_FAIL=1:65"});
  EXPECT_EQ(run.exit_code, 65);
  EXPECT_THAT(run.err, testing::ContainsRegex("rank 1 \\(on host [^)]+\\) failed with exit code 65"));
  const Json told = summary("r");
  EXPECT_EQ(told["status"], "failed");
  EXPECT_EQ(told["failure"]["rank"], 1);
  EXPECT_EQ(told["failure"]["message"], "the fake failure");
}

TEST_F(RunCommandTest, AFailedRunGoesOnFromItsNewestCheckpointAsOftenAsAsked) {
  const Finished run =
      tlaunch({"--nproc", "2", "--max-restarts", "3", "--run-dir", path("r"), config_}, {"FAKE_FAIL=0:139:25:1"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.err, testing::ContainsRegex("rank 0 \\(on host [^)]+\\) failed with exit code 139"));
  EXPECT_THAT(run.err, HasSubstr("restart 1 of 3"));
  EXPECT_THAT(run.err, HasSubstr("from step 20"));
  EXPECT_EQ(summary("r")["status"], "completed");
  EXPECT_EQ(summary("r")["restarts"], 1);
  EXPECT_EQ(events("r", "restart").at(0)["exit_code"], 139);
  EXPECT_EQ(events("r", "start").at(1)["start_step"], 20);
  EXPECT_EQ(events("r", "start").at(1)["attempt"], 1);
  EXPECT_TRUE(fs::exists(path("r/logs/attempt_1/rank_1.log")));
}

TEST_F(RunCommandTest, AFailedRunSaysFromWhichCheckpointToGoOn) {
  const Finished saved = tlaunch({"--nproc", "2", "--run-dir", path("r"), config_}, {"FAKE_FAIL=0:139:25"});
  EXPECT_EQ(saved.exit_code, 139);
  EXPECT_THAT(saved.err,
              HasSubstr("the newest checkpoint is of step 20; to continue, run the same command with --resume auto\n"));
  const Finished unsaved = tlaunch({"--nproc", "2", "--run-dir", path("s"), config_}, {"FAKE_FAIL=0:139"});
  EXPECT_THAT(unsaved.err, testing::Not(HasSubstr("to continue")));
}

TEST_F(RunCommandTest, AFailureThatWouldBeTheSameAgainOrComesTwiceBeforeACheckpointIsNotRestarted) {
  const Finished data = tlaunch({"--max-restarts", "3", "--run-dir", path("r"), config_}, {"FAKE_FAIL=0:65"});
  EXPECT_EQ(data.exit_code, 65);
  EXPECT_THAT(data.err, HasSubstr("not restarted: exit code 65 (bad data or checkpoint)"));
  EXPECT_EQ(summary("r")["restarts"], 0);
  const Finished early = tlaunch({"--run-dir", path("s"), config_, "launch.max_restarts=9"}, {"FAKE_FAIL=0:7"});
  EXPECT_EQ(early.exit_code, 7);
  EXPECT_THAT(early.err, HasSubstr("two attempts in a row"));
  EXPECT_EQ(summary("s")["restarts"], 1);
}

TEST_F(RunCommandTest, CtrlCEndsTheRunWith130AndASecondLauncherIsKeptOut) {
  ChildProcess run(command({"--run-dir", path("r"), config_}, {"FAKE_HOLD=" + path("never")}));
  ASSERT_TRUE(test::wait_until([&] { return fs::exists(path("r/events.jsonl")) && events("r", "step").size() >= 2; }));
  const Finished second = tlaunch({"--run-dir", path("r"), "--resume", "auto", config_});
  EXPECT_EQ(second.exit_code, 2);
  EXPECT_THAT(second.err, HasSubstr("in use by another tlaunch"));
  kill(run.pid(), SIGINT);
  EXPECT_EQ(run.wait().exit_code, 130);
  EXPECT_EQ(summary("r")["status"], "interrupted");
}

TEST_F(RunCommandTest, AStopInStartUpDoesNotWaitForRanksWhosePeerIsGone) {
  // Rank 1 is killed by the signal, as it would be while it loads its libraries, or has left before it joined.
  for (const std::string fate : {"1:", "1:0"}) {
    const std::string run_dir = path("r" + std::to_string(fate.size()));
    ChildProcess run(command({"--nproc", "2", "--grace", "600", "--run-dir", run_dir, config_}, {"FAKE_JOIN=" + fate}));
    const auto ready = [&] {
      return fs::exists(run_dir + "/joining_0") &&
             (fate == "1:" ? fs::exists(run_dir + "/joining_1") : run.marked().size() == 4);  // three of ours, rank 0
    };
    for (const double end_s = test::now_s() + 60; !ready() && test::now_s() < end_s;)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    ASSERT_TRUE(ready());
    kill(run.pid(), SIGTERM);
    EXPECT_EQ(run.wait(60).exit_code, 143);
    EXPECT_TRUE(run.all_gone(1));
  }
}

TEST_F(RunCommandTest, ClosedStandardDescriptorsLeaveNothingInTheFilesOfARun) {
  int run = 0;
  for (const std::string closed : {"2>&-", "<&- 2>&-", "<&- >&- 2>&-"}) {
    const std::string name = "r" + std::to_string(run++);
    std::string line = "exec";
    for (const std::string& word : command({"--nproc", "2", "--run-dir", path(name), config_, "train.epochs=1"}))
      line += " '" + word + "'";
    EXPECT_EQ(ChildProcess({"sh", "-c", line + " " + closed}).wait(60).exit_code, 0) << closed;
    std::ifstream lines(path(name + "/events.jsonl"));
    int seen = 0;
    for (std::string text; std::getline(lines, text); ++seen)
      EXPECT_TRUE(Json::parse(text, nullptr, false).is_object()) << closed << ": " << text;
    EXPECT_GT(seen, 20);
  }
}

TEST_F(RunCommandTest, NarrationThatNobodyReadsHoldsUpNeitherTheRunNorItsEnd) {
  auto argv = command({"--nproc", "2", "--run-dir", path("r"), config_, "train.epochs=1"});
  std::string line = "mkfifo " + path("f") + "; exec 9<>" + path("f") + "; head -c 65536 /dev/zero >&9; exec";
  for (const std::string& word : argv) line += " '" + word + "'";
  ChildProcess run({"sh", "-c", line + " 2>&9"});
  for (const double end_s = test::now_s() + 60; !fs::exists(path("r/summary.json")) && test::now_s() < end_s;)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  ASSERT_TRUE(fs::exists(path("r/summary.json")));
  EXPECT_EQ(summary("r")["status"], "completed");
  kill(run.pid(), SIGTERM);  // it waits for its reader, as any program does
  EXPECT_EQ(run.wait(60).exit_code, 143);
}

TEST_F(RunCommandTest, ABadConfigIsRefusedAndStartsNothing) {
  ASSERT_EQ(tlaunch({"--dry-run", config_}).exit_code, 0);  // the description is cached now
  std::ofstream(config_, std::ios::app) << "trian: {epochs: 3}\n";
  const Finished bad = tlaunch({"--run-dir", path("r"), config_});
  EXPECT_EQ(bad.exit_code, 2);
  EXPECT_THAT(bad.err, AllOf(HasSubstr("job.yaml:"), HasSubstr("train")));
  EXPECT_FALSE(fs::exists(path("r")));
  EXPECT_EQ(tlaunch({path("absent.yaml")}).exit_code, 2);
}

TEST_F(RunCommandTest, DryRunTellsEachValuesSourceAndWritesNothing) {
  const Finished text = tlaunch({"--dry-run", "--nproc", "2", config_, "train.epochs=7"});
  ASSERT_EQ(text.exit_code, 0) << text.err;
  EXPECT_THAT(text.out, testing::ContainsRegex("train\\.epochs += 7 +# command line"));
  EXPECT_THAT(text.out, testing::ContainsRegex("train\\.batch_size += 16 +# prior: "));
  EXPECT_THAT(text.out, testing::ContainsRegex("model\\.depth += 8 +# default"));
  const Json json = Json::parse(tlaunch({"--dry-run", "--json", config_}).out);
  EXPECT_EQ(json["config"]["train.effective_batch_size"], (Json{{"value", 32}, {"source", "file"}}));
  EXPECT_EQ(json["world_size"], 1);
  EXPECT_FALSE(fs::exists(path("runs")));
}

TEST_F(RunCommandTest, DryRunTellsWhatAnOpenEffectiveBatchAndItsLearningRateAre) {
  const auto dry_run = [&](const std::string& ranks, std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"--dry-run", "--nproc", ranks, config_, "train.effective_batch_size=auto"});
    return tlaunch(more);
  };
  const Finished even = dry_run("2");
  EXPECT_THAT(even.out, testing::ContainsRegex("train\\.effective_batch_size += 256 +# prior: 256 samples"));
  EXPECT_THAT(even.out, testing::ContainsRegex("train\\.learning_rate += 0\\.001 +# default"));
  const Finished odd = dry_run("3", {"train.learning_rate=0.1", "train.optimizer=sgd"});
  EXPECT_THAT(odd.out,
              testing::ContainsRegex("train\\.effective_batch_size += 252 +# prior: .*84 x 1 x 3 ranks = 252"));
  EXPECT_THAT(odd.out,
              testing::ContainsRegex("train\\.learning_rate += 0\\.0984375 +# prior: linear rule of sgd: 0.1"));
  const Finished fixed = dry_run("2", {"train.batch_size=12", "train.gradient_accumulation_steps=4"});
  EXPECT_THAT(fixed.out,
              testing::ContainsRegex("train\\.effective_batch_size += 96 +# prior: .*12 x 4 x 2 ranks = 96"));
  const Finished huge = dry_run("2", {"train.batch_size=1048576", "train.gradient_accumulation_steps=1048576"});
  EXPECT_EQ(huge.exit_code, 2);
  EXPECT_THAT(huge.err, HasSubstr("more than 1073741824"));
}

TEST_F(RunCommandTest, TheDescriptionIsCachedByTheWorkersContent) {
  const auto cached = [&] {
    std::vector<fs::path> files;
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(path("cache/tlaunch"), none))
      if (entry.is_regular_file()) files.push_back(entry.path());
    return files;
  };
  ASSERT_EQ(tlaunch({"--dry-run", config_}).exit_code, 0);
  ASSERT_EQ(cached().size(), 1u);
  EXPECT_EQ(tlaunch({"--dry-run", config_}, {"FAKE_DESCRIBE=fail"}).exit_code, 0) << "the worker is not asked again";
  test::write(cached().front(), "{damaged");
  EXPECT_EQ(tlaunch({"--dry-run", config_}).exit_code, 0) << "a damaged cache is made again";
  EXPECT_NO_THROW(EXPECT_TRUE(Json::parse(content(cached().front())).is_object()));
  std::string wrong = content(cached().front());
  ASSERT_NE(wrong.find("\"fashion_mnist\""), std::string::npos);
  test::write(cached().front(), wrong.replace(wrong.find("\"fashion_mnist\""), 15, "\"fashion_mnjst\""));
  EXPECT_EQ(tlaunch({"--dry-run", config_}).exit_code, 0) << "so is a cache with a wrong bit";

  // A rebuilt worker with the dates of the old one is asked again.
  const auto written = fs::last_write_time(worker_);
  std::string text = content(worker_);
  text.replace(text.find("\"depth\""), 7, "\"layer\"");
  test::write(worker_, text);
  fs::last_write_time(worker_, written);
  EXPECT_THAT(tlaunch({"--dry-run", config_}).out, HasSubstr("model.layer"));
}

TEST_F(RunCommandTest, AWorkerThatCannotDescribeItselfIsShownWithItsOutput) {
  const Finished failed = tlaunch({config_}, {"FAKE_DESCRIBE=fail"});
  EXPECT_EQ(failed.exit_code, 2);
  EXPECT_THAT(failed.err, AllOf(HasSubstr("cannot describe itself"), HasSubstr("libfake.so")));
  EXPECT_THAT(tlaunch({config_}, {"FAKE_DESCRIBE=bad"}).err, HasSubstr("not a description"));
  const Finished absent = tlaunch({config_, "launch.worker=no-such-worker"});
  EXPECT_EQ(absent.exit_code, 2);
  EXPECT_THAT(absent.err, AllOf(HasSubstr("no-such-worker"), HasSubstr("PATH")));
}

TEST_F(RunCommandTest, EvaluatePrintsMetricsAndMakesNoRun) {
  ASSERT_EQ(tlaunch({"--run-dir", path("r"), config_, "train.epochs=1"}).exit_code, 0);
  const std::string checkpoint = path("r/checkpoints/epoch_01-step_20.safetensors");
  const Finished text = tlaunch({"--nproc", "2", "evaluate", config_, "--checkpoint", checkpoint});
  EXPECT_EQ(text.exit_code, 0) << text.err;
  EXPECT_EQ(text.out, "val_loss 0.25\n");
  EXPECT_EQ(
      Json::parse(tlaunch({"evaluate", config_, "--json", "--checkpoint", checkpoint}).out)["metrics"]["val_loss"],
      0.25);
  EXPECT_FALSE(fs::exists(path("runs")));
  EXPECT_EQ(tlaunch({"evaluate", config_, "--checkpoint", path("none")}).exit_code, 2);
}

TEST_F(RunCommandTest, ASmokeTestOfAGoodRunPasses) {
  const Finished run = tlaunch({"--smoke", "--nproc", "2", "--run-dir", path("r"), config_});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  const Json smoke = summary("r")["smoke"];
  EXPECT_EQ(smoke["verdict"], "passed") << smoke.dump(2);
  EXPECT_THAT(run.err, AllOf(HasSubstr("losses equal bit for bit"), HasSubstr("smoke test passed")));
  EXPECT_EQ(events("r", "resume").size(), 1u);
}

TEST_F(RunCommandTest, ASmokeTestFindsWhatIsWrong) {
  const auto failed_check = [&](const std::string& variable, const std::string& run) {
    EXPECT_EQ(tlaunch({"--smoke", "--run-dir", path(run), config_}, {variable}).exit_code, 1);
    const Json smoke = summary(run)["smoke"];
    EXPECT_EQ(smoke["verdict"], "failed");
    std::string checks;
    for (const Json& finding : smoke["findings"])
      if (!finding["passed"]) checks += finding["check"].get<std::string>() + " ";
    return checks;
  };
  EXPECT_EQ(failed_check("FAKE_NAN=1", "nan"), "completed finite ");
  EXPECT_EQ(failed_check("FAKE_LEAK=50000000", "leak"), "memory_steady ");
  EXPECT_EQ(failed_check("FAKE_DRIFT=1", "drift"), "saved_and_resumed ");
}

TEST_F(RunCommandTest, ASmokeTestKeepsItsBudget) {
  const Finished run =
      tlaunch({"--smoke", "--smoke-minutes", "0.1", "--run-dir", path("r"), config_}, {"FAKE_STEP_S=3"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_LT(run.seconds, 60) << "its budget is 6 s";
  EXPECT_THAT(run.err, HasSubstr("budget"));
}

TEST_F(RunCommandTest, ASmokeTestIsNotWhatTheNextResumeGoesOnWith) {
  ASSERT_EQ(tlaunch({"--smoke", config_}).exit_code, 0);
  EXPECT_FALSE(fs::exists(path("runs/job/latest")));
}

TEST(ProbeCommand, TellsTheMachineAsTextAndJson) {
  const std::string tlaunch = (fs::read_symlink("/proc/self/exe").parent_path() / "tlaunch").string();
  EXPECT_THAT(ChildProcess({tlaunch, "probe"}).wait().out, HasSubstr("CPU: "));
  const Json json = Json::parse(ChildProcess({tlaunch, "probe", "--json"}).wait().out);
  EXPECT_GE(json["cpu"]["allowed_cores"], 1);
  EXPECT_GT(json["memory_limit_bytes"], 0);
}

TEST(LauncherBinary, LinksNoLibTorch) {
  const std::string tlaunch = (fs::read_symlink("/proc/self/exe").parent_path() / "tlaunch").string();
  const Finished sections = ChildProcess({"/usr/bin/env", "readelf", "-d", tlaunch}).wait();
  ASSERT_EQ(sections.exit_code, 0);
  EXPECT_THAT(sections.out, AllOf(HasSubstr("NEEDED"), Not(HasSubstr("torch")), Not(HasSubstr("libc10"))));
}

}  // namespace
}  // namespace tlaunch
