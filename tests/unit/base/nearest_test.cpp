#include "base/nearest.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace tlaunch {
namespace {

TEST(Nearest, CountsEditsAndSwapsOfNeighbours) {
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("epochs", "epochs"), 0u);
  EXPECT_EQ(edit_distance("epcohs", "epochs"), 1u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
}

TEST(Nearest, FindsTheNearestWithinAThird) {
  const std::vector<std::string> known{"epochs", "max_steps", "kimg", "tf32"};
  EXPECT_EQ(nearest("epoch", known), "epochs");
  EXPECT_EQ(nearest("max_step", known), "max_steps");
  EXPECT_EQ(nearest("kmig", known), "kimg");
  EXPECT_FALSE(nearest("optimizer", known).has_value());
  EXPECT_FALSE(nearest("x", {"y"}).has_value());  // nothing in common
  EXPECT_FALSE(nearest("", known).has_value());
}

TEST(Nearest, AHostileWordCostsNothing) { EXPECT_FALSE(nearest(std::string(1'000'000, 'e'), {"epochs"}).has_value()); }

RC_GTEST_PROP(NearestProperty, DistanceIsSymmetricAndBounded, (const std::string& a, const std::string& b)) {
  const auto distance = edit_distance(a, b);
  RC_ASSERT(distance == edit_distance(b, a));
  RC_ASSERT(distance <= std::max(a.size(), b.size()));
  RC_ASSERT((distance == 0) == (a == b));
}

}  // namespace
}  // namespace tlaunch
