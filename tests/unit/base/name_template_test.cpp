#include "base/name_template.h"

#include <gmock/gmock.h>

#include <cmath>

#include "base/error.h"

namespace tlaunch {
namespace {

std::string filled(const std::string& text) {
  return NameTemplate(text).fill({{"epoch", 3}, {"step", 1200}, {"val_loss", 0.123456}, {"bad", NAN}});
}

TEST(NameTemplate, FillsFieldsAsPythonDoes) {
  EXPECT_EQ(filled("epoch_{epoch:02d}-step_{step}"), "epoch_03-step_1200");
  EXPECT_EQ(filled("epoch_{epoch:02d}-val_loss={val_loss:.3f}"), "epoch_03-val_loss=0.123");
  EXPECT_EQ(filled("{val_loss:.2e}_{val_loss:g}"), "1.23e-01_0.123456");
  EXPECT_EQ(filled("plain"), "plain");
  EXPECT_EQ(filled("{step:08.1f}"), "001200.0");
  EXPECT_EQ(filled("{epoch:3d}"), "__3");
}

TEST(NameTemplate, WhatHasNoValueYetIsNamedSo) {
  EXPECT_EQ(filled("{val_accuracy:.2f}"), "none");
  EXPECT_EQ(filled("{bad:.3f}"), "nan");
}

TEST(NameTemplate, NamesItsFields) {
  EXPECT_THAT(NameTemplate("{epoch:02d}-{step}-{epoch}").names(), testing::ElementsAre("epoch", "step", "epoch"));
}

TEST(NameTemplate, RefusesWhatIsNoFileNameOrNoFormat) {
  for (const char* text : {"", ".hidden", "a/b", "{epoch", "epoch}", "}{", "{}", "{:02d}", "{epoch:}x}", "{epoch:02x}",
                           "{epoch:.f}", "{epoch:.3d}", "{epoch:99999999999d}", "{epoch:30d}", "{a{b}}"})
    EXPECT_THROW(NameTemplate{text}, UsageError) << text;
}

}  // namespace
}  // namespace tlaunch
