// Tuning as a user sees it, with real trial workers of two ranks.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <map>
#include <thread>

#include "base/json.h"
#include "checkpoint/folder/catalog.h"
#include "tests/support/events.h"
#include "tests/support/sessions_data.h"

namespace tlaunch::test {
namespace {

class Tuning : public testing::Test {
 protected:
  Tuning() {
    setenv("XDG_CACHE_HOME", (scratch_ / "cache").c_str(), 1);
    write_sessions(scratch_ / "data");
    write(scratch_ / "lstm.yaml",
          "# keep me\n"
          "model: {name: lstm, hidden_size: 48, num_layers: 2, window: 6, top_g: 3}\n"
          "data:\n"
          "  name: sessions\n"
          "  root: data\n"
          "train:\n"
          "  epochs: 2\n"
          "  effective_batch_size: 128  # never changed\n"
          "# last line\n");
  }
  ~Tuning() override { unsetenv("XDG_CACHE_HOME"); }

  fs::path config() const { return scratch_ / "lstm.yaml"; }
  Outcome tune(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{"tune", "--nproc", "2", config(), "--json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_tlaunch(arguments);
  }
  Outcome train(const std::string& tag, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{"--nproc", "2", "--run-dir", scratch_ / tag, config(), "tune.budget_s=60"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_tlaunch(arguments);
  }
  Json file(const std::string& tag, const std::string& name) { return Json::parse(content(scratch_ / tag / name)); }
  std::vector<Json> events(const std::string& tag, const std::string& name) { return events_of(scratch_ / tag, name); }
  std::string newest_checkpoint(const std::string& tag) {
    return content(list_checkpoints(scratch_ / tag / "checkpoints").at(0).path);
  }

  TempDir scratch_;
};

TEST_F(Tuning, TrainsExactlyAsWithThePlanWrittenByHand) {
  const auto tuned = train("tuned");
  ASSERT_EQ(tuned.code, 0) << tuned.err;
  const auto plan = file("tuned", "plan.json")["plan"];
  EXPECT_EQ(plan["train.batch_size"]["origin"], "measured") << plan.dump(1);
  const auto value = [&](const char* key) {
    const auto& chosen = plan[key]["value"];
    return chosen.is_string() ? chosen.get<std::string>() : chosen.dump();
  };
  const auto by_hand = train(
      "by_hand",
      {"tune.enabled=false", "train.batch_size=" + value("train.batch_size"),
       "gpu.mixed_precision=" + value("gpu.mixed_precision"), "gpu.channels_last=" + value("gpu.channels_last"),
       "data.num_workers=" + value("data.num_workers"), "launch.threads_per_rank=" + value("launch.threads_per_rank"),
       "log.log_interval=" + value("log.log_interval")});
  ASSERT_EQ(by_hand.code, 0) << by_hand.err;
  EXPECT_EQ(newest_checkpoint("tuned"), newest_checkpoint("by_hand"))
      << "parameters, optimizer, generators and position are all in the file";
}

TEST_F(Tuning, WithAnOpenEffectiveBatchTrainsExactlyAsWithItsValuesWrittenByHand) {
  const auto tuned = train("tuned", {"train.effective_batch_size=auto"});
  ASSERT_EQ(tuned.code, 0) << tuned.err;
  const auto plan = file("tuned", "plan.json")["plan"];
  const auto effective = plan["train.effective_batch_size"]["value"].get<std::int64_t>();
  EXPECT_EQ(plan["train.batch_size"]["value"].get<std::int64_t>() *
                plan["train.gradient_accumulation_steps"]["value"].get<std::int64_t>() * 2,
            effective);
  EXPECT_NE(plan["train.learning_rate"]["reason"].get<std::string>().find("square-root rule"), std::string::npos);
  EXPECT_NEAR(plan["train.learning_rate"]["value"].get<double>(),
              0.001 * std::sqrt(static_cast<double>(effective) / 256), 1e-8);
  EXPECT_EQ(events("tuned", "start").at(0)["effective_batch_size"], effective);
  EXPECT_NE(tuned.err.find("square-root rule"), std::string::npos) << "the start-up lines name it too";

  std::vector<std::string> by_hand{"tune.enabled=false"};
  for (const std::string key :
       {"train.batch_size", "train.effective_batch_size", "train.learning_rate", "gpu.mixed_precision",
        "data.num_workers", "launch.threads_per_rank", "log.log_interval"}) {
    const auto& value = plan[key]["value"];
    by_hand.push_back(key + "=" + (value.is_string() ? value.get<std::string>() : value.dump()));
  }
  const auto again = train("by_hand", by_hand);
  ASSERT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(newest_checkpoint("tuned"), newest_checkpoint("by_hand"));
}

TEST_F(Tuning, AResumeKeepsAnOpenEffectiveBatchWhateverTheNumberOfRanks) {
  const std::vector<std::string> open{"train.effective_batch_size=auto", "tune.enabled=false", "train.batch_size=24",
                                      "train.gradient_accumulation_steps=1"};
  ASSERT_EQ(train("run", open).code, 0);
  EXPECT_EQ(events("run", "start").at(0)["effective_batch_size"], 48);
  const auto resumed = run_tlaunch({"--nproc", "1", "--run-dir", scratch_ / "run", "--resume", "auto", config(),
                                    "train.effective_batch_size=auto", "tune.enabled=false", "train.epochs=3"});
  ASSERT_EQ(resumed.code, 0) << resumed.err;
  EXPECT_EQ(events("run", "start").at(1)["effective_batch_size"], 48);
  const auto plan = file("run", "plan.json")["plan"];
  EXPECT_EQ(plan["train.effective_batch_size"]["value"], 48);
  EXPECT_NEAR(plan["train.learning_rate"]["value"].get<double>(), 0.001 * std::sqrt(48 / 256.0), 1e-8);
}

TEST_F(Tuning, WritesAnOpenEffectiveBatchTogetherWithItsLearningRate) {
  write(config(),
        "model: {name: lstm, hidden_size: 48, num_layers: 2, window: 6, top_g: 3}\n"
        "data: {name: sessions, root: data}\n"
        "train:\n"
        "  epochs: 2\n"
        "  effective_batch_size: auto  # let it choose\n"
        "  learning_rate: 0.01  # for 256\n");
  const auto tuned = tune({"--write"});
  ASSERT_EQ(tuned.code, 0) << tuned.err;
  const auto plan = Json::parse(tuned.out)["plan"];
  ASSERT_EQ(plan["effective_batch_size"]["origin"], "measured") << plan.dump(1);
  const auto after = content(config());
  for (const char* key : {"effective_batch_size", "learning_rate"})
    EXPECT_NE(after.find(key + (": " + plan[key]["value"].dump()) + " "), std::string::npos) << after;
  EXPECT_NE(after.find("# let it choose"), std::string::npos) << after;
  const auto dry = Json::parse(run_tlaunch({"--dry-run", "--json", "--nproc", "2", config()}).out)["config"];
  EXPECT_EQ(dry["train.learning_rate"]["value"], plan["learning_rate"]["value"]);
  EXPECT_EQ(dry["train.effective_batch_size"]["source"], "file");
}

TEST_F(Tuning, ALearningRateThatChangesNeedsNoNewMeasuring) {
  const auto measured = Json::parse(tune({"train.effective_batch_size=auto"}).out);
  if (measured.contains("disturbed")) GTEST_SKIP() << "not cached: " << measured["disturbed"];
  const auto first = measured["plan"];
  const auto second = Json::parse(tune({"train.effective_batch_size=auto", "train.learning_rate=0.002"}).out);
  EXPECT_TRUE(second["cached"].get<bool>());
  EXPECT_EQ(second["plan"]["effective_batch_size"]["value"], first["effective_batch_size"]["value"]);
  EXPECT_NEAR(second["plan"]["learning_rate"]["value"].get<double>(), 2 * first["learning_rate"]["value"].get<double>(),
              1e-7);
}

TEST_F(Tuning, ATeamsEntryMakesAnOpenEffectiveBatch) {
  write(scratch_ / "team.yaml",
        "team_gpu_settings:\n  cpu: {batch_size: 12, gradient_accumulation_steps: 4, mixed_precision: false}\n");
  ASSERT_EQ(
      train("run", {"tune.team_file=" + (scratch_ / "team.yaml").string(), "train.effective_batch_size=auto"}).code, 0);
  const auto plan = file("run", "plan.json")["plan"];
  for (const char* key :
       {"train.batch_size", "train.gradient_accumulation_steps", "train.effective_batch_size", "train.learning_rate"})
    EXPECT_EQ(plan[key]["origin"], "team") << key;
  EXPECT_EQ(plan["train.effective_batch_size"]["value"], 96);
  EXPECT_NEAR(plan["train.learning_rate"]["value"].get<double>(), 0.001 * std::sqrt(96 / 256.0), 1e-8);
}

TEST_F(Tuning, PredictsEachBatchBeforeItIsTriedAndTheRunStaysNearIt) {
  ASSERT_EQ(train("run", {"tune.budget_s=60"}).code, 0);  // enough for the line of another precision, under load too
  const auto predictions = events("run", "prediction");
  ASSERT_FALSE(predictions.empty());
  EXPECT_LT(predictions.front()["t"].get<double>(), events("run", "start").at(0)["t"].get<double>());
  const auto peak = file("run", "summary.json")["actual"]["peak_bytes"].get<double>();
  EXPECT_NEAR(peak / predictions.back()["peak_bytes"].get<double>(), 1, 0.05);
}

TEST_F(Tuning, TheCommandChangesNothingUnlessToldAndAnswersFromTheCacheNextTime) {
  const auto before = content(config());
  const auto first = tune({"--test-only"});
  ASSERT_EQ(first.code, 0) << first.err;
  EXPECT_EQ(content(config()), before);
  const auto answer = Json::parse(first.out);
  EXPECT_FALSE(answer["cached"].get<bool>());
  EXPECT_EQ(answer["plan"]["batch_size"]["value"].get<int>() *
                answer["plan"]["gradient_accumulation_steps"]["value"].get<int>() * 2,
            128);
  if (answer.contains("disturbed")) GTEST_SKIP() << "not cached: " << answer["disturbed"];
  const auto second = Json::parse(tune().out);
  EXPECT_TRUE(second["cached"].get<bool>());
  EXPECT_EQ(second["trials"], 1);
  EXPECT_EQ(second["plan"]["batch_size"]["origin"], "cache");
  EXPECT_FALSE(Json::parse(tune({"--retune"}).out)["cached"].get<bool>());
}

TEST_F(Tuning, WritingTellsMachineDateAndRanksInOneComment) {
  ASSERT_EQ(tune({"--write"}).code, 0);
  const auto notes = [&] {
    const auto text = content(config());
    int count = 0;
    for (std::size_t at = 0; (at = text.find("# tlaunch tune 2", at)) != std::string::npos; ++at) ++count;
    return count;
  };
  EXPECT_EQ(notes(), 1) << content(config());
  EXPECT_NE(content(config()).find("; 2 ranks"), std::string::npos) << content(config());
  auto text = content(config());
  const auto value = text.find("batch_size: ", text.find("# never changed")) + 12;
  text.replace(value, text.find_first_of(" \n", value) - value, "auto");
  write(config(), text);
  ASSERT_EQ(tune({"--write"}).code, 0);
  EXPECT_EQ(notes(), 1) << content(config());
  EXPECT_EQ(content(config()).find("batch_size: auto"), std::string::npos) << content(config());
}

TEST_F(Tuning, WithoutABudgetOneTrialChecksTheTablesPlan) {
  ASSERT_EQ(train("run", {"tune.budget_s=0"}).code, 0);
  const auto trials = events("run", "trial");
  ASSERT_EQ(trials.size(), 1u);
  EXPECT_TRUE(trials[0]["spec"]["whole_run"].get<bool>());
  EXPECT_EQ(file("run", "plan.json")["plan"]["train.batch_size"]["origin"], "prior");
}

TEST_F(Tuning, TellsTheMeasuredWaitForTheLoaderAndKeepsTheThreadsThatTheEnvironmentAsksFor) {
  const auto loader = Json::parse(tune({"--retune"}).out)["plan"]["num_workers"];
  EXPECT_EQ(loader["origin"], "measured");
  EXPECT_LT(loader["evidence"]["wait_share"].get<double>(), 0.5) << loader.dump();
  setenv("OMP_NUM_THREADS", "3", 1);
  const auto run = train("run", {"train.max_steps=2"});
  unsetenv("OMP_NUM_THREADS");
  ASSERT_EQ(run.code, 0) << run.err;
  const auto threads = file("run", "plan.json")["plan"]["launch.threads_per_rank"];
  EXPECT_EQ(threads["value"], 3);
  EXPECT_EQ(threads["origin"], "user");
}

TEST_F(Tuning, WritesOnlyTheTunedValuesAndKeepsTheOriginal) {
  const auto before = content(config());
  ASSERT_EQ(tune({"--write"}).code, 0);
  const auto after = content(config());
  EXPECT_NE(after, before);
  EXPECT_TRUE(after.starts_with("# keep me\n"));
  EXPECT_TRUE(after.ends_with("# last line\n"));
  EXPECT_NE(after.find("effective_batch_size: 128  # never changed"), std::string::npos);
  EXPECT_EQ(after.find("gradient_accumulation_steps"), std::string::npos);
  int backups = 0;
  for (const auto& entry : fs::directory_iterator(scratch_.path()))
    if (entry.path().extension() == ".bak") backups += content(entry.path()) == before;
  EXPECT_EQ(backups, 1);
}

TEST_F(Tuning, ATeamsEntryIsWrittenAndTakenByTheNextRun) {
  const auto team = "tune.team_file=" + (scratch_ / "team.yaml").string();
  const auto tuned = tune({"--team", team});
  if (Json::parse(tuned.out).contains("disturbed")) GTEST_SKIP() << "not written: " << tuned.err;
  ASSERT_EQ(tuned.code, 0) << tuned.err;
  EXPECT_NE(content(scratch_ / "team.yaml").find("cpu:"), std::string::npos);
  ASSERT_EQ(train("run", {team}).code, 0);
  EXPECT_EQ(file("run", "plan.json")["plan"]["train.batch_size"]["origin"], "team");
}

// Processes that only compute, more of them than there are cores.
class BusyMachine {
 public:
  BusyMachine() {
    for (unsigned i = 0; i < 2 * std::thread::hardware_concurrency(); ++i)
      loops_.push_back(start({"/bin/sh", "-c", "while :; do :; done"}, "/dev/null", "/dev/null"));
  }
  ~BusyMachine() {
    for (const pid_t loop : loops_) ::kill(loop, SIGKILL);
    for (const pid_t loop : loops_) wait_code(loop);
  }

 private:
  std::vector<pid_t> loops_;
};

TEST_F(Tuning, WhatWasMeasuredBesideOtherWorkIsSaidAndNotKept) {
  const BusyMachine busy;
  const auto team = scratch_ / "team.yaml";
  write(team, "team_gpu_settings: {}\n");
  const auto tuned = tune({"--team", "tune.team_file=" + team.string()});
  EXPECT_EQ(tuned.code, 1) << tuned.err;
  EXPECT_NE(tuned.err.find("other work took "), std::string::npos) << tuned.err;
  EXPECT_NE(tuned.err.find("when the machine is idle"), std::string::npos) << tuned.err;
  EXPECT_EQ(content(team), "team_gpu_settings: {}\n");
  EXPECT_TRUE(Json::parse(tuned.out).contains("disturbed"));
  EXPECT_FALSE(fs::exists(scratch_ / "cache/tlaunch/plans"));
  const auto written = tune({"--write", "tune.budget_s=0"});
  ASSERT_EQ(written.code, 0) << written.err;
}

TEST_F(Tuning, AShortRunIsTunedWithinItsBound) {
  const auto run = run_tlaunch({"--nproc", "2", "--run-dir", scratch_ / "run", config(), "train.max_steps=40"});
  ASSERT_EQ(run.code, 0) << run.err;
  double began_s = 1e300, ended_s = 0;
  for (const auto& trial : events("run", "trial")) {
    began_s = std::min(began_s, trial["t"].get<double>() - trial["seconds"].get<double>());
    ended_s = trial["t"].get<double>();
  }
  const double first_s = events("run", "trial").at(0)["seconds"].get<double>();
  // There are at least two trials. On a slow machine each takes about as long as the first.
  EXPECT_LE(ended_s - began_s, std::max(5.5, 2.5 * first_s));
  EXPECT_FALSE(events("run", "estimate").empty());
}

TEST_F(Tuning, AResumedRunKeepsItsOwnPlan) {
  ASSERT_EQ(train("run").code, 0);
  const auto plan = file("run", "plan.json")["plan"];
  const auto trials = events("run", "trial").size();
  const auto resumed = train("run", {"--resume", "auto", "train.epochs=3"});
  ASSERT_EQ(resumed.code, 0) << resumed.err;
  EXPECT_EQ(file("run", "plan.json")["plan"], plan);
  EXPECT_EQ(events("run", "trial").size(), trials) << "nothing is measured again";
}

// The same with a plan from the cache: the value of an option reaches the run itself, not only its config.yaml.
TEST_F(Tuning, AnOptionThatIsAKeyReachesARunWithACachedPlan) {
  if (Json::parse(tune().out).contains("disturbed")) GTEST_SKIP() << "nothing was cached: the machine is busy";
  const auto run = train("run", {"--hang-timeout", "37", "--grace", "3", "--max-restarts", "2"});
  ASSERT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(file("run", "plan.json")["plan"]["train.batch_size"]["origin"], "cache");
  const auto config = content(scratch_ / "run" / "config.yaml");
  for (const char* line : {"hang_timeout_s: 37", "grace_s: 3", "max_restarts: 2"})
    EXPECT_NE(config.find(line), std::string::npos) << line;
}

TEST_F(Tuning, AResumeMayShareTheEffectiveBatchAnew) {
  ASSERT_EQ(train("run", {"tune.enabled=false"}).code, 0);  // 64 x 1 x 2
  const auto resumed =
      train("run", {"--resume", "auto", "tune.enabled=false", "train.epochs=3", "train.batch_size=16"});
  ASSERT_EQ(resumed.code, 0) << resumed.err;
  const auto plan = file("run", "plan.json")["plan"];
  EXPECT_EQ(plan["train.batch_size"]["value"], 16);
  EXPECT_EQ(plan["train.gradient_accumulation_steps"]["value"], 4);
  EXPECT_EQ(events("run", "start").at(1)["effective_batch_size"], 128);
}

TEST_F(Tuning, AMemoryLimitIsNeverCrossed) {
  // RLIMIT_DATA of 2 GiB on everything: launcher, trials, ranks.
  const TempDir captured;
  const auto code =
      wait_code(start({"/usr/bin/prlimit", "--data=2147483648", program("tlaunch"), "--nproc", "2", "--run-dir",
                       scratch_ / "run", config(), "train.effective_batch_size=2048", "train.max_steps=40"},
                      captured / "out", captured / "err"));
  ASSERT_EQ(code, 0) << content(captured / "err");
  EXPECT_LE(file("run", "plan.json")["memory_budget_bytes"].get<double>(), 2147483648.0);
  EXPECT_TRUE(events("run", "step_down").empty());
}

}  // namespace
}  // namespace tlaunch::test
