#include "config/run_length.h"

#include <gtest/gtest.h>

namespace tlaunch {
namespace {

RunConfig config() {
  RunConfig config;
  config.train.epochs = 3;
  config.eval.every_n_epochs = 1;
  config.checkpoint.every_n_epochs = 2;
  return config;
}

TEST(RunLength, CountsEpochsInSteps) {
  const auto length = run_length(config(), 234);
  EXPECT_EQ(length.total_steps, 702);
  EXPECT_EQ(length.steps_per_evaluation, 234);
  EXPECT_EQ(length.steps_per_checkpoint, 468);
}

TEST(RunLength, RoundsKimgUpToWholeSteps) {
  auto asked = config();
  asked.train.epochs.reset();
  asked.train.kimg = 300;
  asked.train.effective_batch_size = 256;
  asked.eval.every_n_epochs.reset();
  asked.eval.every_n_kimg = 50;
  const auto length = run_length(asked, 781);
  EXPECT_EQ(length.total_steps, 1172);  // 300,000 / 256 = 1171.9
  EXPECT_EQ(length.steps_per_evaluation, 196);
}

}  // namespace
}  // namespace tlaunch
