#include "checkpoint/data_identity.h"

#include <gmock/gmock.h>

namespace tlaunch {
namespace {

using testing::AllOf;
using testing::HasSubstr;

const DataIdentity data{400, 100, "1a2b3c4d", "00000001"};

TEST(DataIdentity, JsonReadsBackTheSameAndStrangeJsonIsNotKnown) {
  EXPECT_EQ(data_identity_from_json(Json::parse(to_json(data).dump())), data);
  for (const char* text : {"null", "[]", "3", R"({"train_samples": "many", "train": 7})"})
    EXPECT_EQ(data_identity_from_json(Json::parse(text)), DataIdentity{}) << text;
}

TEST(DataIdentity, TheDifferenceNamesThePartAndBothSides) {
  DataIdentity other = data;
  EXPECT_EQ(data_difference(data, other), "");
  other.evaluation = "00000002";
  EXPECT_THAT(data_difference(data, other),
              AllOf(HasSubstr("evaluation"), HasSubstr("00000001"), HasSubstr("00000002")));
  other.train = "ffffffff";
  EXPECT_THAT(data_difference(data, other), AllOf(HasSubstr("training"), HasSubstr("1a2b3c4d"), HasSubstr("ffffffff")));
  other = data;
  other.train_samples = 380;
  EXPECT_THAT(data_difference(data, other), AllOf(HasSubstr("400 samples"), HasSubstr("380 samples")));
}

TEST(DataIdentity, WhatOneSideDoesNotKnowIsNoDifference) {
  EXPECT_EQ(data_difference({}, data), "") << "a checkpoint of an earlier version";
  EXPECT_EQ(data_difference(data, {}), "");
  EXPECT_EQ(data_difference({400, 0, "", ""}, data), "");
  EXPECT_NE(data_difference({401, 0, "", ""}, data), "");
}

}  // namespace
}  // namespace tlaunch
