#include "base/json.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "base/json_problem.h"

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

std::string problem_with(const std::string& text) {
  try {
    return std::to_string(Json::parse(text).at("step").get<int>());
  } catch (const std::exception& error) {
    return json_problem(error);
  }
}

TEST(Json, AProblemIsToldWithoutTheLibrarysNames) {
  EXPECT_EQ(problem_with(R"({"step": 3})"), "3");
  EXPECT_EQ(problem_with(R"({"step": )"), "it is not JSON (byte 10)");
  EXPECT_EQ(problem_with("{}"), "key 'step' not found");
  EXPECT_EQ(problem_with(R"({"step": "3"})"), "type must be number, but is string");
  EXPECT_EQ(json_problem(DataError("[1] is not enough")), "[1] is not enough");
}

}  // namespace
}  // namespace tlaunch
