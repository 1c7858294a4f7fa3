#include "base/statistics.h"

#include <gtest/gtest.h>

namespace tlaunch {
namespace {

TEST(Statistics, TheMedianIsTheMiddleOrTheMeanOfTheTwoInTheMiddle) {
  EXPECT_EQ(median({3, 1, 2}), 2);
  EXPECT_EQ(median({4, 1, 3, 2}), 2.5);
  EXPECT_EQ(median({}), 0);
}

TEST(Statistics, AQuantileIsOneOfTheValues) {
  const std::vector<double> values{40, 10, 30, 20};
  EXPECT_EQ(quantile(values, 0.25), 10);
  EXPECT_EQ(quantile(values, 0.26), 20);
  EXPECT_EQ(quantile(values, 0.5), 20);
  EXPECT_EQ(quantile(values, 0.9), 40);
  EXPECT_EQ(quantile(values, 0), 10);
  EXPECT_EQ(quantile(values, 1), 40);
}

TEST(Statistics, AWeightCountsAsThatManyValues) {
  EXPECT_EQ(weighted_quantile({{1, 1}, {2, 3}}, 0.25), 1);
  EXPECT_EQ(weighted_quantile({{1, 1}, {2, 3}}, 0.26), 2);
  EXPECT_EQ(weighted_quantile({{2, 1}, {1, 3}}, 0.75), 1);
}

}  // namespace
}  // namespace tlaunch
