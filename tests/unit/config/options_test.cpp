#include "config/options.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace tlaunch {
namespace {

TEST(Options, GivesBackWhatWasSet) {
  Options options;
  options.set("depth", std::int64_t{8});
  options.set("rate", 0.5);
  options.set("augment", true);
  options.set("stem", std::string("small"));
  EXPECT_EQ(options.integer("depth"), 8);
  EXPECT_EQ(options.real("rate"), 0.5);
  EXPECT_TRUE(options.flag("augment"));
  EXPECT_EQ(options.text("stem"), "small");
}

TEST(Options, AnIntegerCountsAsAReal) {
  Options options;
  options.set("rate", std::int64_t{3});
  EXPECT_EQ(options.real("rate"), 3.0);
}

TEST(Options, WrongTypeAndAbsentKeyAreBugs) {
  Options options;
  options.set("depth", std::int64_t{8});
  EXPECT_THROW(options.text("depth"), std::logic_error);
  EXPECT_THROW(options.flag("depth"), std::logic_error);
  EXPECT_THROW(options.integer("width"), std::logic_error);
  EXPECT_FALSE(options.has("width"));
}

}  // namespace
}  // namespace tlaunch
