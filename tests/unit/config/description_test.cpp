#include "config/description.h"

#include "tests/unit/config/config_fixture.h"

namespace tlaunch {
namespace {

TEST(Description, JsonReadsBackTheSame) {
  const Json json = to_json(test::worker());
  const WorkerDescription back = description_from_json(Json::parse(json.dump()));
  EXPECT_EQ(to_json(back).dump(), json.dump());
  ASSERT_NE(back.model("resnet"), nullptr);
  EXPECT_EQ(back.model("resnet")->options[0].choices.size(), 3u);
  ASSERT_NE(back.dataset("sessions"), nullptr);
  // A real default with a whole value stays a real.
  EXPECT_TRUE(std::holds_alternative<double>(back.dataset("sessions")->options[0].default_value));
  EXPECT_EQ(back.model("vgg"), nullptr);
  EXPECT_EQ(back.dataset("resnet"), nullptr);
}

TEST(Description, WhatIsNoDescriptionIsADataError) {
  for (const char* text : {"{}", "[]", "null", R"("text")", R"({"torch_version": 2})"})
    EXPECT_THROW(description_from_json(Json::parse(text)), DataError) << text;
  Json json = to_json(test::worker());
  json["models"][0]["options"][0]["type"] = "complex";
  EXPECT_THROW(description_from_json(json), DataError);
  json["models"][0]["options"][0]["type"] = "integer";
  json["models"][0]["options"][0]["default"] = 1.5;
  EXPECT_THROW(description_from_json(json), DataError);
}

}  // namespace
}  // namespace tlaunch
