// Memory that runs out in a run, injected in one rank and phase, or by a limit: the ranks step down together and the
// run goes on as the unharmed one.
#include <gtest/gtest.h>

#include <stdlib.h>

#include <chrono>
#include <map>

#include "base/json.h"
#include "checkpoint/folder/catalog.h"
#include "tests/support/events.h"
#include "tests/support/sessions_data.h"

namespace tlaunch::test {
namespace {

using Clock = std::chrono::steady_clock;

// Sets a variable of this process, and so of what it starts, for the life of the object.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) { ::setenv(name, value.c_str(), 1); }
  ~Variable() { ::unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
};

std::map<std::int64_t, double> losses(const fs::path& run) {
  std::map<std::int64_t, double> found;
  for (const auto& event : events_of(run, "step")) found[event["step"]] = event["loss"];
  return found;
}

class OutOfMemoryRun : public testing::Test {
 protected:
  // Wide enough for two gradient buckets, so that one has been sent when the backward pass breaks off.
  OutOfMemoryRun() {
    write_sessions(scratch_ / "data");
    write(scratch_ / "lstm.yaml",
          "model: {name: lstm, hidden_size: 192, num_layers: 2, window: 6, top_g: 3}\n"
          "data: {name: sessions, root: data}\n"
          "train: {max_steps: 12, effective_batch_size: 48, learning_rate: 0.01, warmup_steps: 0}\n"
          "tune: {enabled: false}\n"
          "log: {log_interval: 1}\n");
  }
  Outcome train(const std::string& tag, int ranks, std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments{"--nproc", std::to_string(ranks), "--run-dir", scratch_ / tag,
                                       scratch_ / "lstm.yaml"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_tlaunch(arguments);
  }
  Outcome train_with_fault(const std::string& fault, const std::string& tag, int ranks,
                           std::vector<std::string> more = {}) const {
    const Variable injected("TLAUNCH_INJECT_OOM", fault);
    return train(tag, ranks, std::move(more));
  }

  TempDir scratch_;
};

struct Fault {
  int ranks, rank;
  const char* phase;
  int accumulation;
  // What the run goes on with, and in which step the agreement is found: a rank that was short of memory in the update
  // says so in place of its next step.
  int micro_batch, accumulation_after, agreed_step;
};

class OutOfMemoryInAPhase : public OutOfMemoryRun, public testing::WithParamInterface<Fault> {};

TEST_P(OutOfMemoryInAPhase, TheRanksStepDownTogetherAndTheLossesStay) {
  const auto fault = GetParam();
  const std::vector<std::string> split{"train.gradient_accumulation_steps=" + std::to_string(fault.accumulation)};
  ASSERT_EQ(train("unharmed", fault.ranks, split).code, 0);
  const auto start = Clock::now();
  const auto outcome = train_with_fault("rank=" + std::to_string(fault.rank) + ",step=5,phase=" + fault.phase, "harmed",
                                        fault.ranks, split);
  EXPECT_LT(Clock::now() - start, std::chrono::seconds(30));
  ASSERT_EQ(outcome.code, 0) << outcome.err;

  const auto steps_down = events_of(scratch_ / "harmed", "step_down");
  ASSERT_EQ(steps_down.size(), 1u);
  const auto& event = steps_down[0];
  EXPECT_EQ(event["rank"], fault.rank);
  EXPECT_EQ(event["phase"], fault.phase);
  EXPECT_EQ(event["step"], fault.agreed_step);
  EXPECT_EQ(event["micro_batch"], fault.micro_batch);
  EXPECT_EQ(event["accumulation"], fault.accumulation_after);
  EXPECT_EQ(fault.micro_batch * fault.accumulation_after * fault.ranks, 48) << "the effective batch";
  const auto advice = "set train.batch_size=" + std::to_string(fault.micro_batch);
  EXPECT_NE(outcome.err.find(advice), std::string::npos) << outcome.err;

  const auto unharmed = losses(scratch_ / "unharmed"), harmed = losses(scratch_ / "harmed");
  ASSERT_EQ(unharmed.size(), 12u);
  ASSERT_EQ(harmed.size(), 12u);
  for (const auto& [step, loss] : unharmed) EXPECT_NEAR(harmed.at(step), loss, 1e-5 * loss) << "step " << step;
}

INSTANTIATE_TEST_SUITE_P(Faults, OutOfMemoryInAPhase,
                         testing::Values(Fault{2, 1, "forward", 1, 12, 2, 5}, Fault{2, 1, "backward", 1, 12, 2, 5},
                                         Fault{2, 1, "optimizer", 1, 12, 2, 6}, Fault{2, 0, "backward", 1, 12, 2, 5},
                                         // In the first of two micro-batches, which reduces nothing.
                                         Fault{2, 1, "forward", 2, 6, 4, 5}, Fault{2, 1, "backward", 2, 6, 4, 5},
                                         Fault{1, 0, "forward", 1, 24, 2, 5}, Fault{1, 0, "backward", 1, 24, 2, 5},
                                         Fault{1, 0, "optimizer", 1, 24, 2, 6}),
                         [](const auto& info) {
                           return std::string(info.param.phase) + "OfRank" + std::to_string(info.param.rank) + "Of" +
                                  std::to_string(info.param.ranks) + "Accumulating" +
                                  std::to_string(info.param.accumulation);
                         });

TEST_F(OutOfMemoryRun, InTheFirstStepOfARunIsSurvivedToo) {  // the Reducer orders its buckets by this step
  ASSERT_EQ(train("unharmed", 2).code, 0);
  const auto outcome = train_with_fault("rank=1,step=1,phase=backward", "harmed", 2);
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const auto unharmed = losses(scratch_ / "unharmed"), harmed = losses(scratch_ / "harmed");
  ASSERT_EQ(harmed.size(), 12u);
  for (const auto& [step, loss] : unharmed) EXPECT_NEAR(harmed.at(step), loss, 1e-5 * loss) << "step " << step;
}

// Between steps; in one of one rank, in the second of two.
class OutOfMemoryBetweenSteps : public OutOfMemoryRun, public testing::WithParamInterface<int> {
 protected:
  int ranks() const { return GetParam(); }
  int rank() const { return ranks() - 1; }
  Outcome unharmed() const { return train("unharmed", ranks(), more_); }
  Outcome harmed(const std::string& phase, int step, int times = 1) const {
    return train_with_fault("rank=" + std::to_string(rank()) + ",step=" + std::to_string(step) + ",phase=" + phase +
                                ",times=" + std::to_string(times),
                            "harmed", ranks(), more_);
  }
  std::vector<Json> shortages() const { return events_of(scratch_ / "harmed", "shortage"); }
  // What an evaluation or the detection found after `step`.
  Json found(const std::string& tag, const std::string& event, int step) const {
    Json figures = Json::object();
    for (const auto& one : events_of(scratch_ / tag, event))
      if (one["step"] == step) figures = one;
    for (const char* other : {"event", "t", "seconds"}) figures.erase(other);
    return figures;
  }
  void expect_equal_figures(const std::string& event, int step) const {
    const auto before = found("unharmed", event, step), after = found("harmed", event, step);
    EXPECT_TRUE(before.contains("val_loss") || before.contains("f1")) << before.dump();
    for (const auto& [name, value] : before.items())
      EXPECT_NEAR(after.at(name).get<double>(), value.get<double>(), 1e-5 * std::abs(value.get<double>())) << name;
  }
  std::string last_checkpoint(const std::string& tag) const {
    return content(list_checkpoints(scratch_ / tag / "checkpoints").at(0).path);
  }

  const std::vector<std::string> more_{"eval.every_n_steps=5", "checkpoint.every_n_steps=5"};
};

TEST_P(OutOfMemoryBetweenSteps, AnEvaluationIsDoneAgainInSmallerBatchesByAllRanks) {
  ASSERT_EQ(unharmed().code, 0);
  const auto outcome = harmed("evaluation", 5, 2);  // and again in the first smaller batch
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const auto told = shortages();
  ASSERT_EQ(told.size(), 2u);
  const int batch = 48 / ranks();
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(told[i]["rank"], rank());
    EXPECT_EQ(told[i]["phase"], "evaluation");
    EXPECT_EQ(told[i]["step"], 5);
    EXPECT_EQ(told[i]["action"], "halved");
    EXPECT_EQ(told[i]["batch"], batch / (i == 0 ? 2 : 4));
  }
  EXPECT_NE(outcome.err.find("in batches of " + std::to_string(batch / 4)), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("train.batch_size=" + std::to_string(batch / 2)), std::string::npos) << outcome.err;
  expect_equal_figures("eval", 5);
  expect_equal_figures("eval", 10);
  EXPECT_EQ(losses(scratch_ / "harmed"), losses(scratch_ / "unharmed")) << "training has not noticed";
}

TEST_P(OutOfMemoryBetweenSteps, ADetectionIsDoneAgainInSmallerBatches) {
  ASSERT_EQ(unharmed().code, 0);
  const auto outcome = harmed("detection", 12);
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  ASSERT_EQ(shortages().size(), 1u);
  EXPECT_EQ(shortages()[0]["phase"], "detection");
  EXPECT_EQ(shortages()[0]["batch"], 2048);
  expect_equal_figures("detection", 12);
}

TEST_P(OutOfMemoryBetweenSteps, ASaveIsTriedOnceMore) {
  ASSERT_EQ(unharmed().code, 0);
  const auto outcome = harmed("save", 10);
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  ASSERT_EQ(shortages().size(), 1u);
  EXPECT_EQ(shortages()[0]["action"], "again");
  EXPECT_EQ(events_of(scratch_ / "harmed", "checkpoint").size(), 4u) << "5, 10, 12, and 12 with the detection";
  EXPECT_EQ(last_checkpoint("harmed"), last_checkpoint("unharmed"));
}

TEST_P(OutOfMemoryBetweenSteps, ASaveThatFindsNoMemoryTwiceIsLeftOutWithAWarningAndTrainingGoesOn) {
  ASSERT_EQ(unharmed().code, 0);
  const auto outcome = harmed("save", 10, 2);
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  ASSERT_EQ(shortages().size(), 2u);
  EXPECT_EQ(shortages()[1]["action"], "skipped");
  EXPECT_NE(outcome.err.find("warning: no checkpoint was saved at step 10"), std::string::npos) << outcome.err;
  std::vector<int> saved;
  for (const auto& event : events_of(scratch_ / "harmed", "checkpoint")) saved.push_back(event["step"]);
  EXPECT_EQ(saved, (std::vector{5, 12, 12})) << "the second with what the detection found";
  EXPECT_EQ(last_checkpoint("harmed"), last_checkpoint("unharmed"));
}

TEST_P(OutOfMemoryBetweenSteps, TheLastSaveOfARunIsNotLeftOutSilently) {
  const auto outcome = harmed("save", 12, 2);
  EXPECT_EQ(outcome.code, 1) << outcome.err;
  EXPECT_NE(outcome.err.find("could not save the checkpoint at the end of the run, step 12"), std::string::npos)
      << outcome.err;
  ASSERT_EQ(train("harmed", ranks(), {"--resume", "auto", "eval.every_n_steps=5", "checkpoint.every_n_steps=5"}).code,
            0);
  EXPECT_EQ(events_of(scratch_ / "harmed", "checkpoint").back()["step"], 12);
}

INSTANTIATE_TEST_SUITE_P(Ranks, OutOfMemoryBetweenSteps, testing::Values(1, 2),
                         [](const auto& info) { return "Of" + std::to_string(info.param); });

TEST_F(OutOfMemoryRun, AnEvaluationThatDoesNotFitInBatchesOfOneEndsTheRunOnAllRanks) {
  const auto outcome = train_with_fault("rank=1,step=5,phase=evaluation,times=100", "run", 2, {"eval.every_n_steps=5"});
  EXPECT_EQ(outcome.code, 1) << outcome.err;
  EXPECT_NE(outcome.err.find("rank 1 ran out of memory (evaluation) with a batch of 1"), std::string::npos)
      << outcome.err;
}

TEST_F(OutOfMemoryRun, WithAMicroBatchOfOneIsAnErrorThatSaysWhatHelps) {
  const auto outcome =
      train_with_fault("rank=1,step=2,phase=forward", "run", 2, {"train.effective_batch_size=2", "train.batch_size=1"});
  EXPECT_EQ(outcome.code, 1) << outcome.err;
  EXPECT_NE(outcome.err.find("micro-batch of 1"), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("smaller model"), std::string::npos) << outcome.err;
}

TEST_F(OutOfMemoryRun, AnInjectionThatCannotBeReadIsAUsageError) {
  const auto outcome = train_with_fault("step=2", "run", 1);
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.err.find("TLAUNCH_INJECT_OOM"), std::string::npos) << outcome.err;
}

// A worker alone under a plan's memory budget.
class MemoryBudget : public OutOfMemoryRun {
 protected:
  Outcome work(const std::string& tag, std::uint64_t budget_bytes) const {
    const auto plan = scratch_ / (tag + ".json");
    write(plan, Json{{"plan", Json::object()}, {"world_size", 1}, {"memory_budget_bytes", budget_bytes}}.dump());
    const Variable applied("TLAUNCH_PLAN", plan);
    Outcome outcome;
    const auto out = scratch_ / (tag + ".out"), err = scratch_ / (tag + ".err");
    outcome.code = wait_code(start({program("tlaunch-worker"), "train", scratch_ / "lstm.yaml", "train.max_steps=3",
                                    "train.effective_batch_size=2048", "train.batch_size=2048", "data.num_workers=0"},
                                   out, err));
    outcome.out = content(out);
    outcome.err = content(err);
    return outcome;
  }
  // Of the events that a worker without a launcher prints: "step {...}".
  static std::vector<double> printed_losses(const std::string& out) {
    std::vector<double> found;
    std::istringstream lines(out);
    for (std::string line; std::getline(lines, line);)
      if (line.starts_with("step ")) found.push_back(Json::parse(line.substr(5))["loss"]);
    return found;
  }
};

TEST_F(MemoryBudget, ThatTheMicroBatchExceedsButHalfOfItDoesNotIsKept) {
  ASSERT_EQ(work("whole", 0).code, 0);
  const auto unharmed = printed_losses(content(scratch_ / "whole.out"));
  ASSERT_EQ(unharmed.size(), 3u);
  // Smaller and smaller, until it no longer holds the whole.
  bool stepped_down = false;
  for (std::uint64_t budget = 700'000'000; budget > 200'000'000 && !stepped_down; budget -= 20'000'000) {
    const auto outcome = work("budget", budget);
    ASSERT_EQ(outcome.code, 0) << budget << " bytes\n" << outcome.err;
    stepped_down = outcome.err.find("train.batch_size=1024 (gradient_accumulation_steps=2)") != std::string::npos;
    const auto harmed = printed_losses(outcome.out);
    ASSERT_EQ(harmed.size(), 3u);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(harmed[i], unharmed[i], 1e-5 * unharmed[i]) << "step " << i + 1;
  }
  EXPECT_TRUE(stepped_down);
}

}  // namespace
}  // namespace tlaunch::test
