// A spreadsheet from figures, and figures from the options' texts.
#include "estimate/spreadsheet.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "estimate/spreadsheet_options.h"

namespace tlaunch {
namespace {

TEST(Spreadsheet, EpochsInTimeAndDisk) {
  Figures figures;
  figures.epochs = {10};
  figures.steps_per_epoch = 100;
  figures.step_time_s = Range{0.1, 0.3};
  figures.checkpoint_bytes = 1000;
  figures.save_top_k = 2;
  figures.every_n_epochs = 5;
  figures.others.log_bytes_per_epoch = 7;
  const Spreadsheet sheet = fill_in(figures);
  ASSERT_EQ(sheet.horizons.size(), 1u);
  const Horizon& horizon = sheet.horizons[0];
  EXPECT_EQ(horizon.label, "10 epochs");
  EXPECT_NEAR(horizon.time->low_s, 100, 1e-9);
  EXPECT_NEAR(horizon.time->likely_s, 200, 1e-9);
  EXPECT_NEAR(horizon.saves->interval->high_s, 150, 1e-9);
  EXPECT_EQ(horizon.disk->kept.high, 2000u);
  EXPECT_EQ(horizon.disk->all.high, 10'000u);
  EXPECT_EQ(horizon.disk->other_bytes, 70u);
}

TEST(Spreadsheet, ADeadlineOfWhatRemains) {
  Figures figures;
  figures.steps = 1000;
  figures.done_steps = 400;
  figures.step_time_s = Range{1, 1};
  figures.deadline_s = 600;
  EXPECT_EQ(fill_in(figures).remaining_steps, 600);
  EXPECT_TRUE(fill_in(figures).rules.empty());
  figures.deadline_s = 599;
  EXPECT_FALSE(fill_in(figures).rules.empty());
}

TEST(Spreadsheet, NothingToAnswerForIsRefused) {
  EXPECT_THROW(fill_in({}), UsageError);
  Figures figures;
  figures.phase_ends = {1000};
  EXPECT_THROW(fill_in(figures), UsageError);
}

TEST(SpreadsheetOptions, TextsBecomeFigures) {
  FigureOptions options;
  options.throughput = "54-72kimg/h";
  options.kimg = "300,0.5";
  options.checkpoint_every = "50kimg";
  options.checkpoint_size = "6.9GB";
  const Figures figures = figures_from(options, "3d");
  EXPECT_DOUBLE_EQ(figures.samples_per_s->low, 15);
  EXPECT_FALSE(figures.step_time_s);
  EXPECT_EQ(figures.samples, (std::vector<double>{300'000, 500}));
  EXPECT_EQ(figures.samples_per_save, 50'000);
  EXPECT_EQ(figures.checkpoint_bytes, 6'900'000'000u);
  EXPECT_EQ(figures.others.log_bytes_per_epoch, typical_log_bytes_per_epoch);
  EXPECT_EQ(figures.deadline_s, 3 * 86'400);
  EXPECT_EQ(fill_in(figures).horizons[1].label, "0.5 kimg");
}

TEST(SpreadsheetOptions, AStepTimeFromARateOrFromASession) {
  FigureOptions options;
  options.throughput = "5-10steps/s";
  EXPECT_DOUBLE_EQ(figures_from(options, "").step_time_s->low, 0.1);
  EXPECT_DOUBLE_EQ(figures_from(options, "").step_time_s->high, 0.2);
  options.throughput = "";
  options.elapsed = "100s";
  EXPECT_THROW(figures_from(options, ""), UsageError) << "--done is missing";
  options.done = 60;
  options.since_step = 20;
  EXPECT_DOUBLE_EQ(figures_from(options, "").step_time_s->low, 2.5);
}

}  // namespace
}  // namespace tlaunch
