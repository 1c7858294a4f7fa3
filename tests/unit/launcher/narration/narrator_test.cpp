#include "launcher/narration/narrator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tlaunch {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> lines_of(const Event& event, int rank = 0, const NarrationContext& context = {}) {
  return narrate({0, rank, event}, context);
}

StartEvent start_event() {
  StartEvent start;
  start.device = "cuda:0";
  start.train_samples = 60000;
  start.steps_per_epoch = 235;
  start.total_steps = 2350;
  return start;
}

TEST(Narrator, TheStartSaysWhatIsTrainedAndHowLongItTookToGetThere) {
  EXPECT_THAT(lines_of(start_event(), 0, {4.2, true}),
              ElementsAre("training starts on cuda:0 after 4.2 s: 60000 samples, 235 steps per epoch, 2350 steps in "
                          "all"));
  EXPECT_THAT(lines_of(start_event(), 0, {4.2, false}), ElementsAre("training starts on cuda:0 after 4.2 s"))
      << "a smoke test's epochs are shorter than these figures";
}

TEST(Narrator, TheStartSaysWhatWasMadeToFitTheDisk) {
  StartEvent start = start_event();
  start.fitted_save_top_k = 1;
  start.fitted_save_last = false;
  const auto lines = lines_of(start);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[1],
            "the disk is too small for all checkpoints of the config; this run uses checkpoint.save_top_k=1, "
            "save_last=false");
}

TEST(Narrator, AnEventOfRank0IsNotNarratedOfAnother) {
  EXPECT_THAT(lines_of(start_event(), 1), IsEmpty());
  EXPECT_THAT(lines_of(WeightsEvent{"'module.' taken off"}, 1), IsEmpty());
}

TEST(Narrator, AnEvaluationShowsItsMetrics) {
  EvaluationEvent evaluation;
  evaluation.step = 235;
  evaluation.seconds = 1.2;
  evaluation.metrics = {{"val_loss", 0.41}};
  EXPECT_THAT(lines_of(evaluation), ElementsAre("eval at step 235: val_loss 0.41 (1.2 s)"));
}

TEST(Narrator, ACheckpointIsNarratedOnlyIfSomethingIsWrong) {
  CheckpointEvent saved;
  saved.path = "/runs/a/checkpoints/step_20.safetensors";
  saved.step = 20;
  saved.seconds = 3;
  saved.wait_s = 0.1;
  EXPECT_THAT(lines_of(saved), IsEmpty());
  saved.wait_s = 2;
  saved.problem = "cannot delete /runs/a/checkpoints/step_5.safetensors: Permission denied";
  saved.gone = "/runs/a/checkpoints";
  EXPECT_THAT(
      lines_of(saved),
      ElementsAre("saving took longer than the time between two saves: training waited 2.0 s; save less often, or on a "
                  "faster disk",
                  "note: cannot delete /runs/a/checkpoints/step_5.safetensors: Permission denied",
                  "warning: /runs/a/checkpoints was moved or deleted during the run. It was created again for "
                  "/runs/a/checkpoints/step_20.safetensors; earlier files are not in it"));
}

TEST(Narrator, ASaveThatFailedSaysWhyAndWhatWasGivenUp) {
  SaveFailedEvent failed;
  failed.step = 5;
  failed.message = "No space left on device";
  EXPECT_THAT(lines_of(failed),
              ElementsAre("could not save the checkpoint of step 5: No space left on device. Training continues, "
                          "earlier checkpoints are intact"));
  failed.deleted = "/runs/a/step_1.safetensors";
  EXPECT_THAT(lines_of(failed),
              ElementsAre("could not save the checkpoint of step 5: No space left on device. Training continues, "
                          "earlier checkpoints are intact. To free space, /runs/a/step_1.safetensors was deleted and "
                          "one fewer checkpoint is kept"));
}

TEST(Narrator, AResumeSaysFromWhere) {
  ResumeEvent resume;
  resume.path = "/runs/a/step_20.safetensors";
  resume.step = 20;
  EXPECT_THAT(lines_of(resume), ElementsAre("resumed at step 20 from /runs/a/step_20.safetensors"));
  resume.note = "the order of samples begins anew";
  EXPECT_THAT(lines_of(resume), ElementsAre("resumed at step 20 from /runs/a/step_20.safetensors",
                                            "note: the order of samples begins anew"));
}

TEST(Narrator, WeightsUnderOtherNamesAreANote) {
  EXPECT_THAT(lines_of(WeightsEvent{"'module.' taken off"}), ElementsAre("note: 'module.' taken off"));
}

TEST(Narrator, AStepDownNamesTheSettingThatFits) {
  StepDownEvent down;
  down.step = 5;
  down.micro_batch = 12;
  down.accumulation = 2;
  down.phase = "backward";
  EXPECT_THAT(
      lines_of(down, 1),
      ElementsAre("rank 1 ran out of memory (backward of step 5); the step is repeated with smaller "
                  "micro-batches. To start with them, set train.batch_size=12 (gradient_accumulation_steps=2)"));
}

ShortageEvent shortage(const std::string& action) {
  ShortageEvent event;
  event.step = 20;
  event.phase = "evaluation";
  event.action = action;
  event.batch = 64;
  event.micro_batch = 96;
  return event;
}

TEST(Narrator, AShortageBetweenStepsSaysWhatIsDoneAboutIt) {
  EXPECT_THAT(lines_of(shortage("halved"), 1),
              ElementsAre("rank 1 ran out of memory (evaluation after step 20); the evaluation is repeated in batches "
                          "of 64. To leave more memory free, set train.batch_size=96"));
  EXPECT_THAT(lines_of(shortage("again"), 1),
              ElementsAre("rank 1 ran out of memory (evaluation after step 20); the evaluation is repeated with "
                          "emptied caches. To leave more memory free, set train.batch_size=96"));
  EXPECT_THAT(lines_of(shortage("skipped"), 1),
              ElementsAre("warning: no checkpoint was saved at step 20: memory ran out twice while the tensors were "
                          "copied. Training continues. To leave more memory free, set train.batch_size=96"));
}

TEST(Narrator, NonFiniteGradientsAreSkippedOrRolledBack) {
  NanEvent nan;
  nan.step = 20;
  nan.action = "skip";
  nan.count = 3;
  EXPECT_THAT(lines_of(nan), ElementsAre("skipped 3 updates up to step 20: non-finite gradients"));
  nan.action = "rollback";
  nan.to_step = 10;
  nan.learning_rate_factor = 0.5;
  EXPECT_THAT(lines_of(nan), ElementsAre("back from step 20 to step 10, learning rate x0.5: non-finite gradients"));
}

TEST(Narrator, AProfileIsNarratedOnceAndNotOfEachRank) {
  ProfileEvent profile;
  profile.steps = 5;
  profile.trace = "/runs/a/trace.json";
  profile.table = "/runs/a/table.txt";
  EXPECT_THAT(lines_of(profile), ElementsAre("profile of 5 steps: /runs/a/table.txt, and /runs/a/trace.json for "
                                             "chrome://tracing or Perfetto"));
  EXPECT_THAT(lines_of(profile, 1), IsEmpty());
}

TEST(Narrator, ALogThatCannotBeWrittenIsAWarning) {
  EXPECT_THAT(lines_of(LogFailedEvent{"metrics.csv", "cannot write metrics.csv: No space left on device"}),
              ElementsAre("warning: cannot write metrics.csv: No space left on device"));
}

TEST(Narrator, ASmokeTestSaysThatItsEpochsAreShort) {
  EXPECT_THAT(lines_of(SmokeEvent{20}), ElementsAre("epochs are shortened to 20 steps"));
}

TEST(Narrator, WhatOthersShowIsNotRepeated) {
  for (const Event& event : std::vector<Event>{StepEvent{}, HeartbeatEvent{}, DetectionEvent{}, FailureEvent{},
                                               StoppedEvent{}, EndEvent{}, ToldToStopEvent{}, EpochEndEvent{},
                                               GpuEvent{}, EtaEvent{}, RestartEvent{}, HangEvent{}, OtherEvent{"x"}})
    EXPECT_THAT(lines_of(event), IsEmpty()) << name_of(event);
}

TEST(Narrator, TheEstimateIsARange) {
  EXPECT_EQ(estimate_text({30, 40, 60, {}}), "time estimate: 40 s in all (30 s to 1 min 0 s)");
}

TEST(Narrator, TheEtaSaysWhatIsLeftAndWhatWasEstimated) {
  EtaEvent eta;
  eta.likely_s = 20;
  eta.projected_s = 50;
  eta.estimated_s = 40;
  EXPECT_EQ(eta_text(eta), "ETA 20 s (in all 50 s, estimated 40 s)");
}

TEST(Narrator, ARestartSaysWhenAndFromWhere) {
  RestartEvent restart;
  restart.restart = 1;
  restart.wait_s = 2;
  EXPECT_EQ(restart_text(restart, 3, 20), "restart 1 of 3 in 2.0 s, from step 20");
  EXPECT_EQ(restart_text(restart, 3, {}), "restart 1 of 3 in 2.0 s, from the start");
}

HangVerdict verdict() {
  HangVerdict hang;
  hang.ranks = {1};
  hang.step = 24;
  hang.phase = "forward";
  hang.reason = "stopped (state T) for 5 s";
  hang.limit_s = 5;
  hang.places = {"rank 0: step 24, backward, waits for the others", "rank 1: step 24, forward"};
  return hang;
}

TEST(Narrator, AHangNamesTheRankThePlacesTheStacksAndTheLimit) {
  EXPECT_THAT(hang_lines(verdict(), "/runs/a/logs/attempt_0"),
              ElementsAre("rank 1 hangs: stopped (state T) for 5 s; step 24, forward",
                          "  last reports: rank 0: step 24, backward, waits for the others; rank 1: step 24, forward",
                          "  the stacks of all ranks are saved in /runs/a/logs/attempt_0/stacks_RANK.txt",
                          "  limit: 5.0 s. If the job is only slow, set launch.hang_timeout_s to 10 or more"));
}

TEST(Narrator, AHangOfManyRanksNamesFourPlacesAndNoFolderWhereThereIsNone) {
  HangVerdict hang = verdict();
  hang.places = {"a", "b", "c", "d", "e"};
  const auto lines = hang_lines(hang, "");
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[1], "  last reports: a; b; c; d; ...");
}

}  // namespace
}  // namespace tlaunch
