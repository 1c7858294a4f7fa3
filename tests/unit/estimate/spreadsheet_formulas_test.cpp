// Worked examples that people computed by hand.
#include "estimate/spreadsheet_formulas.h"

#include <gmock/gmock.h>

#include <cmath>

#include "base/error.h"

namespace tlaunch {
namespace {

double hours(double seconds) { return std::round(seconds / 360) / 10; }
double gigabytes(std::uint64_t bytes) { return std::round(static_cast<double>(bytes) / 1e8) / 10; }

TEST(Figures, AnImageModelsTimeFromItsThroughput) {
  const Range fast = parse_rate("", "54-72kimg/h").per_s, slow = parse_rate("", "7-10kimg/h").per_s;
  const auto at = [](double kimg, const Range& rate) {
    const TimeRange time = time_at(kimg * 1000, rate);
    EXPECT_LE(time.low_s, time.likely_s);
    EXPECT_LE(time.likely_s, time.high_s);
    return std::pair(hours(time.low_s), hours(time.high_s));
  };
  EXPECT_EQ(at(300, fast), std::pair(4.2, 5.6));
  EXPECT_EQ(at(1000, fast), std::pair(13.9, 18.5));
  EXPECT_EQ(at(2500, fast), std::pair(34.7, 46.3));
  EXPECT_EQ(at(300, slow), std::pair(30.0, 42.9));
  const TimeRange save = time_at(50'000, fast);
  EXPECT_EQ(std::round(save.low_s / 60), 42);
  EXPECT_EQ(std::round(save.high_s / 60), 56);
}

TEST(Figures, PhasesAddUpToTheWhole) {
  const Range rate = parse_rate("", "54-72kimg/h").per_s;
  const auto phases = phases_at({50e3, 200e3, 300e3}, rate);
  ASSERT_EQ(phases.size(), 3u);
  TimeRange sum;
  for (const Phase& phase : phases) sum += phase.time;
  const TimeRange whole = time_at(300e3, rate);
  EXPECT_NEAR(sum.low_s, whole.low_s, 1e-6);
  EXPECT_NEAR(sum.likely_s, whole.likely_s, 1e-6);
  EXPECT_NEAR(sum.high_s, whole.high_s, 1e-6);
}

TEST(Figures, ALongRunsRemainder) {
  constexpr std::int64_t all = 5'702'600, done = 843'200, resumed_at = 805'000;
  const auto left_h = [&](double step_time_s) { return hours(static_cast<double>(all - done) * step_time_s); };
  EXPECT_EQ(left_h(0.145), 195.7);
  EXPECT_EQ(left_h(1 / 6.8), 198.5);
  const double observed_s = observed_step_time_s({5680, 0, resumed_at}, done);
  EXPECT_NEAR(observed_s, 0.1487, 5e-5);
  EXPECT_EQ(left_h(observed_s), 200.7);
  // The log's clock includes 35 minutes of start-up, and the options say so.
  EXPECT_EQ(left_h(observed_step_time_s({7785, 2105, resumed_at}, done)), 200.7);
  // The bug: counting this session's steps as all steps, or dividing the session's time by all steps.
  EXPECT_EQ(hours(static_cast<double>(all - (done - resumed_at)) * observed_s), 234.0);
  EXPECT_NE(left_h(observed_s), 234.0);
}

TEST(Figures, NothingDoneIsNoRate) {
  EXPECT_THROW(observed_step_time_s({100, 0, 50}, 50), UsageError);
  EXPECT_THROW(observed_step_time_s({100, 100, 0}, 50), UsageError);
}

TEST(Figures, DiskByPolicyAndHorizon) {
  constexpr std::uint64_t size = 6'900'000'000;
  const auto kept = [&](std::int64_t top_k, bool last, std::int64_t saves) {
    const SizeRange range = checkpoints_kept({size, top_k, last}, saves);
    EXPECT_GE(range.peak, range.high);
    return std::pair(gigabytes(range.low), gigabytes(range.high));
  };
  const std::int64_t epochs[] = {5, 10, 20, 50, 100};
  const double all[] = {34.5, 69, 138, 345, 690};
  const std::pair<double, double> best3[] = {{6.9, 13.8}, {13.8, 20.7}, {20.7, 27.6}, {20.7, 27.6}, {20.7, 27.6}};
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(kept(-1, false, epochs[i]), std::pair(all[i], all[i]));
    EXPECT_EQ(kept(3, true, epochs[i] / 5), best3[i]);
    EXPECT_EQ(kept(1, false, epochs[i]), std::pair(6.9, 6.9));
  }
  EXPECT_EQ(kept(0, true, 5), std::pair(6.9, 6.9));
  EXPECT_EQ(kept(0, false, 5), std::pair(0.0, 0.0));
  EXPECT_EQ(checkpoints_kept({size, 1, false}, 5).peak, 2 * size);
  EXPECT_EQ(checkpoints_kept({size, 1, false}, 1).peak, size);
  EXPECT_EQ(checkpoints_kept({size, -1, true}, 5).peak, 5 * size);
}

TEST(Figures, TheWholeRunsDisk) {
  const OtherSizes sizes{25'000'000'000, 5'660'000'000, 1'000'000'000, 10'200'000};
  const auto total_gb = [&](std::uint64_t checkpoints) {
    return std::ceil(static_cast<double>(checkpoints + other_bytes(sizes, 20)) / 1e9);
  };
  const auto of = [](std::int64_t top_k, bool last, std::int64_t saves) {
    return checkpoints_kept({6'900'000'000, top_k, last}, saves);
  };
  EXPECT_EQ(total_gb(of(-1, false, 20).high), 170);
  EXPECT_EQ(total_gb(of(3, true, 4).low), 53);
  EXPECT_EQ(total_gb(of(3, true, 4).high), 60);
  EXPECT_EQ(total_gb(of(1, false, 20).high), 39);
}

TEST(Figures, AdviceByHorizon) {
  EXPECT_EQ(advised_policy(10).save_top_k, 2);
  EXPECT_EQ(advised_policy(20).every_n_epochs, 5);
  EXPECT_EQ(advised_policy(50).save_top_k, 3);
  EXPECT_EQ(advised_policy(100).every_n_epochs, 10);
  EXPECT_TRUE(advised_policy(100).save_last);
}

}  // namespace
}  // namespace tlaunch
