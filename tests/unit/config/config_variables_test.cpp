#include "config/config_variables.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace tlaunch {
namespace {

std::optional<std::string> look_up(const std::string& name) {
  if (name == "USER") return "ada";
  if (name == "EMPTY") return "";
  if (name == "LONG") return std::string(60'000, 'x');
  return std::nullopt;
}

TEST(Variables, AreExpandedWhereTheyStand) {
  EXPECT_EQ(expand_variables("/home/${USER}/data${USER}", look_up).text, "/home/ada/dataada");
  EXPECT_EQ(expand_variables("no $USER, no $, no {}", look_up).text, "no $USER, no $, no {}");
}

TEST(Variables, ADefaultStandsInForUnsetAndEmpty) {
  EXPECT_EQ(expand_variables("${NONE:-3}", look_up).text, "3");
  EXPECT_EQ(expand_variables("${EMPTY:-3}", look_up).text, "3");
  EXPECT_EQ(expand_variables("${USER:-3}", look_up).text, "ada");
  EXPECT_EQ(expand_variables("a${NONE:-}b", look_up).text, "ab");
  EXPECT_EQ(expand_variables("a${EMPTY}b", look_up).text, "ab");
}

TEST(Variables, DoubledDollarIsPlain) {
  EXPECT_EQ(expand_variables("$${USER}", look_up).text, "${USER}");
  EXPECT_EQ(expand_variables("$$USER $$5 $$", look_up).text, "$USER $$5 $$");
}

TEST(Variables, OneWithoutBracesIsKnownForWhatItIs) {
  EXPECT_TRUE(expand_variables("/data/$USER", look_up).has_bare);
  for (const char* text : {"/data/${USER}", "/data/$$USER", "/data/$${USER}", "/data/$5", "$"})
    EXPECT_FALSE(expand_variables(text, look_up).has_bare) << text;
}

TEST(Variables, ProblemsSayWhatIsExpected) {
  EXPECT_EQ(expand_variables("x${NONE}", look_up).problem,
            "environment variable NONE is not set; set it or write ${NONE:-default}");
  EXPECT_NE(expand_variables("x${USER", look_up).problem, "");
  EXPECT_NE(expand_variables("${}", look_up).problem, "");
  EXPECT_NE(expand_variables("${A B}", look_up).problem, "");
  EXPECT_NE(expand_variables("${1A}", look_up).problem, "");
}

TEST(Variables, CannotFillTheMemory) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += "${LONG}";
  EXPECT_NE(expand_variables(text, look_up).problem, "");
}

RC_GTEST_PROP(VariablesProperty, EscapedTextComesBack, ()) {
  const auto text = *rc::gen::container<std::string>(rc::gen::element('$', '{', '}', 'a', ':', '-'));
  const auto back = expand_variables(escape_variables(text), look_up);
  RC_ASSERT(back.problem.empty());
  RC_ASSERT(back.text == text);
}

}  // namespace
}  // namespace tlaunch
