#include "core/json.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"

namespace tlaunch {
namespace {

TEST(Json, NonfiniteNumbersBecomeTextAtAnyDepth) {
  const Json safe = without_nonfinite({{"a", {1.5, std::nan(""), {{"b", -INFINITY}}}}, {"c", "NaN"}, {"d", 7}});
  EXPECT_EQ(safe.dump(), R"({"a":[1.5,"NaN",{"b":"-Infinity"}],"c":"NaN","d":7})");
}

TEST(Json, NumberOfReadsThemBack) {
  EXPECT_EQ(number_of(3), 3.0);
  EXPECT_TRUE(std::isnan(number_of("NaN")));
  EXPECT_EQ(number_of("Infinity"), INFINITY);
  EXPECT_EQ(number_of("-Infinity"), -INFINITY);
  EXPECT_THROW(number_of("3"), DataError);
  EXPECT_THROW(number_of(Json()), DataError);
  EXPECT_THROW(number_of(true), DataError);
}

}  // namespace
}  // namespace tlaunch
