#include "estimate/run_forecast.h"

#include <gmock/gmock.h>

#include "base/error.h"

namespace tlaunch {
namespace {

RunConfig config() {
  RunConfig config;
  config.train.epochs = 10;
  config.train.effective_batch_size = 100;
  config.train.batch_size = 50;
  config.eval.every_n_epochs = 1;
  config.checkpoint.every_n_epochs = 2;
  config.checkpoint.save_top_k = 1;
  config.checkpoint.save_last = true;
  config.log.log_interval = 10;
  return config;
}

Pace pace() {
  Pace pace;
  pace.step = {0.018, 0.020, 0.023};
  pace.wait_share = 0.1;
  pace.start_s = 1.5;
  pace.build_s = 0.5;
  pace.evaluation_fixed_s = 0.1;
  pace.evaluation_sample_s = 0.001;
  pace.save_copy_s = 0.01;
  pace.save_bytes = 1'000'000;
  pace.facts = {5050, 900, 1000, false};
  return pace;
}

RunForecast forecast(const Pace& pace, std::int64_t done_steps = 0) {
  return forecast_run(config(), pace, done_steps, 3, {});
}

TEST(Forecast, EachPartFromItsOwnRate) {
  const Work work = forecast(pace()).work;
  EXPECT_EQ(work.steps, 500);
  EXPECT_EQ(work.evaluations, 10);
  EXPECT_EQ(work.saves, 5);
  EXPECT_EQ(work.logged_steps, 50);
  EXPECT_EQ(work.epochs, 10);
  const TimeEstimate time = forecast(pace()).rehearsed;
  EXPECT_NEAR(time.parts.at("start_up").likely_s, 2, 1e-9);
  EXPECT_NEAR(time.parts.at("steps").likely_s, 9, 1e-9);
  EXPECT_NEAR(time.parts.at("data_wait").likely_s, 1, 1e-9);
  EXPECT_NEAR(time.parts.at("evaluation").likely_s, 10, 1e-9);
  EXPECT_NEAR(time.parts.at("checkpoints").likely_s, 0.05, 1e-9);
  double sum_s = 0;
  for (const auto& [part, seconds] : time.parts) sum_s += seconds.likely_s;
  EXPECT_NEAR(sum_s, time.likely_s, 1e-9);
  EXPECT_NEAR(time.likely_s - time.low_s, 1, 1e-9);
  EXPECT_NEAR(time.high_s - time.likely_s, 1.5, 1e-9);
  const TimeEstimate tuned = forecast(pace()).time;
  EXPECT_NEAR(tuned.likely_s, time.likely_s + 3, 1e-9);
  EXPECT_EQ(tuned.parts.at("tuning").likely_s, 3);
}

TEST(Forecast, OfAResumedRunOnlyTheRest) {
  const Work work = forecast(pace(), 450).work;
  EXPECT_EQ(work.steps, 50);
  EXPECT_EQ(work.evaluations, 1);
  EXPECT_EQ(work.saves, 1);
  EXPECT_EQ(work.epochs, 1);
  EXPECT_EQ(forecast(pace(), 500).work.steps, 0);
}

TEST(Forecast, ASaveThatIsNotDoneByTheNextHoldsItUp) {
  Pace large = pace();
  large.save_bytes = 4'000'000'000;  // 20 s to write, one every 2 s
  EXPECT_NEAR(forecast(large).rehearsed.parts.at("checkpoints").likely_s, 5 * (0.01 + 20.05 - 2), 0.01);
}

TEST(Forecast, Disk) {
  const DiskEstimate disk = forecast(pace()).disk;
  EXPECT_EQ(disk.checkpoints, 5);
  EXPECT_EQ(disk.logs.metrics_csv, 60u * 67) << "a line a logged step, and one an evaluation";
  EXPECT_EQ(disk.final_bytes, 2'000'000u + disk.logs.sum());
  EXPECT_EQ(disk.peak_low_bytes, disk.final_bytes)
      << "where the newest is always the best: that one, and the next while it is written";
  EXPECT_EQ(disk.final_low_bytes, 1'000'000u + disk.logs.sum());
  EXPECT_EQ(disk.peak_bytes, 3'000'000u + disk.logs.sum());
}

TEST(Forecast, AnEpochWithoutAStepIsRefused) {
  RunConfig too_large = config();
  too_large.train.effective_batch_size = 6000;
  EXPECT_THROW(forecast_run(too_large, pace(), 0, 0, {}), UsageError);
}

}  // namespace
}  // namespace tlaunch
