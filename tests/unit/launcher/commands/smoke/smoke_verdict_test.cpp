// The smoke test's verdict, check by check.
#include "launcher/commands/smoke/smoke_verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "launcher/commands/smoke/smoke_plan.h"
#include "tests/support/decoded.h"

namespace tlaunch {
namespace {

using testing::HasSubstr;

Json event(const char* name, Json fields) {
  Json whole = {{"event", name}, {"rank", 0}};
  whole.update(fields);
  return whole;
}

struct Events {
  SmokeRecord record;
  Events& add(const char* name, const Json& fields) {
    record.on_event(test::decoded(event(name, fields)));
    return *this;
  }
};

// Two epochs of 10 steps whose loss falls from 1 to 0.05, with evaluations, checkpoints and constant memory.
SmokeRecord good_first() {
  Events events;
  events.add("start", {{"steps_per_epoch", 100},
                       {"total_steps", 300},
                       {"effective_batch_size", 32},
                       {"val_samples", 3200},
                       {"steps_per_evaluation", 100},
                       {"steps_per_checkpoint", 100}});
  events.add("smoke", {{"steps_per_epoch", 10}});
  for (int step = 1; step <= 20; ++step) {
    events.add("step", {{"step", step}, {"loss", 1.0 / step}, {"epoch", step / 10}});
    if (step % 10 != 0) continue;
    events.add("eval", {{"step", step}, {"val_loss", 2.0 / step}, {"samples", 320}, {"seconds", 1.0}});
    events.add("checkpoint", {{"step", step}, {"path", "/r/step_" + std::to_string(step)}, {"seconds", 0.5}});
    events.add("memory", {{"epoch", step / 10}, {"peak_bytes", 1'000'000'000 + step}});
  }
  events.add("end", {{"steps", 20}, {"epochs", 2}, {"samples", 640}, {"steady_samples_per_s", 320.0}});
  events.record.start_up_s = 3;
  return events.record;
}

SmokeRecord good_second() {
  Events events;
  events.add("resume", {{"step", 10}, {"path", "/r/step_10"}});
  for (int step = 11; step <= 15; ++step) events.add("step", {{"step", step}, {"loss", 1.0 / step}});
  events.add("end", {{"steps", 15}});
  return events.record;
}

TEST(SmokeVerdict, EveryCheckHasWordsForPeople) {
  for (const Finding& found : smoke_verdict(good_first(), good_second(), true).findings)
    EXPECT_EQ(words_of(found.check).find('_'), std::string::npos) << found.check;
  EXPECT_EQ(words_of("saved_and_resumed"), "save and resume");
}

// The loss jumps far up with the first update and falls a little from there.
TEST(SmokeVerdict, ARunThatDivergedAtOnceDoesNotPassBecauseItComesDownAgain) {
  for (const bool by_training_loss : {true, false}) {
    SmokeRecord first = good_first();
    for (auto& [step, loss] : first.losses)
      if (by_training_loss && step > 1) loss = 1e30 * (1 + loss);
    if (!by_training_loss) first.val_losses = {3.9, 64};
    for (const Finding& found : smoke_verdict(first, good_second(), false).findings) {
      if (found.check != "loss_fell") continue;
      EXPECT_FALSE(found.passed) << found.detail;
    }
  }
}

const Finding& finding(const SmokeVerdict& verdict, const std::string& check) {
  for (const Finding& found : verdict.findings)
    if (found.check == check) return found;
  throw std::logic_error("no finding " + check);
}

void expect_only_failure(const SmokeVerdict& verdict, const std::string& check, const std::string& detail) {
  EXPECT_FALSE(verdict.passed);
  for (const Finding& found : verdict.findings)
    EXPECT_EQ(found.passed, found.check != check) << found.check << ": " << found.detail;
  EXPECT_THAT(finding(verdict, check).detail, HasSubstr(detail));
}

TEST(SmokeVerdict, AGoodRunPassesEveryCheck) {
  const SmokeVerdict verdict = smoke_verdict(good_first(), good_second(), true);
  EXPECT_TRUE(verdict.passed);
  EXPECT_EQ(verdict.findings.size(), 6u);
  EXPECT_THAT(finding(verdict, "saved_and_resumed").detail, HasSubstr("5 losses equal bit for bit"));
  // Start-up 3 s, 300 steps of 32 at 320/s = 30 s, 3 evaluations of 3200 samples at 320/s = 30 s, 3 checkpoints of 0.5
  // s: 64.5 s.
  EXPECT_THAT(finding(verdict, "speed").detail, HasSubstr("300 steps would take about 1 min 5 s"));
}

TEST(SmokeVerdict, ALossThatDoesNotFallFails) {
  SmokeRecord first = good_first();
  for (auto& [step, loss] : first.losses) loss = 0.5 + 0.001 * static_cast<double>(step);
  SmokeRecord second = good_second();
  for (auto& [step, loss] : second.losses) loss = first.losses.at(step);
  first.val_losses = {0.5, 0.6};
  expect_only_failure(smoke_verdict(first, second, true), "loss_fell", "learning_rate");
  first.val_losses = {0.6, 0.5};
  EXPECT_TRUE(smoke_verdict(first, second, true).passed) << "val_loss fell";
}

TEST(SmokeVerdict, ADivergingRunFailsWithTheAdvice) {
  Events events;
  events.add("start", {{"steps_per_epoch", 100}, {"total_steps", 300}});
  events.add("step", {{"step", 1}, {"loss", 2.3}}).add("step", {{"step", 2}, {"loss", "NaN"}});
  events.record.failure = "the loss is not finite (nan) at step 2";
  const SmokeVerdict verdict = smoke_verdict(events.record, {}, true);
  EXPECT_FALSE(verdict.passed);
  EXPECT_FALSE(finding(verdict, "completed").passed);
  EXPECT_FALSE(finding(verdict, "finite").passed);
  EXPECT_THAT(finding(verdict, "finite").detail, HasSubstr("step 2"));
  EXPECT_THAT(finding(verdict, "finite").detail, HasSubstr("lower train.learning_rate"));
  EXPECT_THAT(finding(verdict, "finite").detail, HasSubstr("mixed precision off"));
}

TEST(SmokeVerdict, AnInfiniteEvaluationFails) {
  SmokeRecord first = good_first();
  first.val_losses = {1, std::numeric_limits<double>::infinity()};
  EXPECT_FALSE(finding(smoke_verdict(first, good_second(), true), "finite").passed);
}

TEST(SmokeVerdict, MemoryMayGrowByFivePercentOrSixteenMiB) {
  SmokeRecord first = good_first();
  first.peak_bytes = {{0, {1'000'000'000, 1'049'000'000}}, {1, {100'000'000, 100'000'000 + (16 << 20) - 1}}};
  EXPECT_TRUE(smoke_verdict(first, good_second(), true).passed);
  first.peak_bytes[1].back() += 2;
  expect_only_failure(smoke_verdict(first, good_second(), true), "memory_steady", "rank 1");
}

TEST(SmokeVerdict, ResumedLossesMustBeEqualOnTheCpuAndCloseElsewhere) {
  SmokeRecord second = good_second();
  second.losses[12] *= 1 + 1e-7;
  expect_only_failure(smoke_verdict(good_first(), second, true), "saved_and_resumed", "step 12");
  EXPECT_TRUE(smoke_verdict(good_first(), second, false).passed);
  second.losses[12] *= 1.01;
  EXPECT_FALSE(smoke_verdict(good_first(), second, false).passed);
  second.losses[12] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE(smoke_verdict(good_first(), second, false).passed);
}

TEST(SmokeVerdict, WithoutACheckpointOrAResumedPartItFails) {
  SmokeRecord first = good_first();
  expect_only_failure(smoke_verdict(first, {}, true), "saved_and_resumed", "did not resume");
  SmokeRecord broken = good_second();
  broken.failure = "exit code 65";
  expect_only_failure(smoke_verdict(first, broken, true), "saved_and_resumed", "exit code 65");
  first.checkpoints.clear();
  expect_only_failure(smoke_verdict(first, good_second(), true), "saved_and_resumed", "no checkpoint");
}

TEST(SmokeVerdict, ABudgetUsedUpIsSaid) {
  SmokeRecord first = good_first();
  first.run.end.reset();
  first.out_of_time = true;
  EXPECT_THAT(finding(smoke_verdict(first, {}, true), "completed").detail, HasSubstr("--smoke-minutes"));
  SmokeRecord second = good_second();
  second.out_of_time = true;
  EXPECT_THAT(finding(smoke_verdict(good_first(), second, true), "saved_and_resumed").detail,
              HasSubstr("--smoke-minutes"));
}

TEST(SmokePlan, EverythingFitsTheBudgetAndFullHasNone) {
  const SmokeBudget budget = smoke_budget({.epochs = 3, .minutes = 2, .full = false}, 30);
  EXPECT_EQ(budget.total_s, 120);
  EXPECT_LT(3 * budget.epoch_s + budget.grace_s, 120);
  EXPECT_GT(budget.epoch_s, 20);
  const SmokeBudget full = smoke_budget({.epochs = 2, .minutes = 2, .full = true}, 30);
  EXPECT_FALSE(full.total_s);
  EXPECT_EQ(full.epoch_s, 0);
  EXPECT_EQ(Json::parse(first_part_json({.epochs = 3, .minutes = 2, .full = false}, budget))["epochs"], 3);
  EXPECT_EQ(Json::parse(second_part_json(10)), (Json{{"steps_per_epoch", 10}, {"stop_step", 20}}));
  EXPECT_EQ(Json::parse(second_part_json(500))["stop_step"], 520);
}

TEST(SmokePlan, TheProjectionCountsTheRealRunsEvaluationsAndCheckpoints) {
  StartEvent facts;
  facts.steps_per_epoch = 100;
  facts.effective_batch_size = 32;
  RunConfig config;
  config.eval.every_n_kimg = 6.4;  // 200 steps of 32
  config.checkpoint.every_n_epochs = 5;
  facts = full_run_facts(facts, config);
  EXPECT_EQ(facts.steps_per_evaluation, 200);
  EXPECT_EQ(facts.steps_per_checkpoint, 500);
}

}  // namespace
}  // namespace tlaunch
