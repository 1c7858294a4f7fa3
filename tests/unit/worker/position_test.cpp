// Position and identity of a run, to a checkpoint's JSON and back.
#include "worker/position.h"

#include <gmock/gmock.h>

#include <limits>

#include "base/error.h"
#include "worker/run_identity.h"

namespace tlaunch {
namespace {

Position read_back(const Position& position) {
  return position_from_json(Json::parse(text_of(without_nonfinite(to_json(position)))));
}

TEST(Position, ComesBackAsItWas) {
  const Position position{.step = 23,
                          .metrics = {{"val_loss", 0.5}, {"f1", std::numeric_limits<double>::infinity()}},
                          .early_stopping = {.best_val_loss = 0.25, .evaluations_without_improvement = 2},
                          .evaluation = {.due = true, .evaluated_step = 20},
                          .detected_step = 21,
                          .rollbacks = 2};
  const auto read = read_back(position);
  EXPECT_EQ(read.step, 23);
  EXPECT_EQ(read.metrics, position.metrics);
  EXPECT_EQ(read.early_stopping.best_val_loss, 0.25);
  EXPECT_EQ(read.early_stopping.evaluations_without_improvement, 2);
  EXPECT_TRUE(read.evaluation.due);
  EXPECT_EQ(read.evaluation.evaluated_step, 20);
  EXPECT_EQ(read.detected_step, 21);
  EXPECT_EQ(learning_rate_factor(read), 0.25);
}

TEST(Position, OfANewRunIsShort) {
  EXPECT_EQ(to_json(Position{}).dump(), R"({"step":0,"metrics":{},"evaluations_without_improvement":0})");
  const auto read = read_back({});
  EXPECT_FALSE(read.early_stopping.best_val_loss);
  EXPECT_FALSE(read.evaluation.due);
  EXPECT_EQ(read.evaluation.evaluated_step, -1);
  EXPECT_EQ(read.detected_step, -1);
  EXPECT_EQ(learning_rate_factor(read), 1);
}

TEST(RunIdentity, OfAnotherOrderOfSamplesOrOtherDataIsRefused) {
  RunIdentity saved{.seed = 1, .train_samples = 100, .effective_batch_size = 10, .steps_per_epoch = 10};
  saved.data = {100, 20, "1a2b3c4d", "00000001"};
  const auto read = run_identity_from_json(to_json(saved));
  EXPECT_NO_THROW(check_same_run(read, saved, "file"));

  auto other = saved;
  other.world_size = 4;
  EXPECT_NO_THROW(check_same_run(read, other, "file")) << "any number of ranks trains the same samples";
  other.steps_per_epoch = 9;
  try {
    check_same_run(read, other, "file");
    FAIL() << "accepted";
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("made with steps_per_epoch 10, this run has 9"));
  }
  other = saved;
  other.data.train = "ffffffff";
  EXPECT_THROW(check_same_run(read, other, "file"), DataError);
}

}  // namespace
}  // namespace tlaunch
