#include <gmock/gmock.h>

#include "config/schema.h"
#include "tests/unit/config/config_fixture.h"

namespace tlaunch {
namespace {

using testing::HasSubstr;

TEST(ConfigDocs, HaveARowForEveryKeyModelAndDataSet) {
  const std::string text = config_markdown(test::worker());
  for (const SchemaKey& key : schema()) EXPECT_THAT(text, HasSubstr("| `" + key.key + "` |"));
  EXPECT_THAT(text, HasSubstr("| `model.depth` | one of 8, 14, 20 | 8 | layers | Layers. |\n"));
  EXPECT_THAT(text, HasSubstr("### Data set `sessions`"));
  EXPECT_THAT(text, HasSubstr("`data.root` must be given."));
  EXPECT_THAT(text, HasSubstr("| `train.batch_size` | an integer from 1 to 1073741824, or auto | auto | samples |"));
  EXPECT_THAT(
      text,
      HasSubstr(
          "| `train.epochs` | an integer from 1 to 1000000000; instead of `train.max_steps`, `train.kimg` | 10 |"));
}

TEST(ConfigDocs, ATablesCellKeepsItsBars) {
  EXPECT_THAT(config_markdown(test::worker()), HasSubstr("Crop and flip \\| or not."));
}

TEST(Schema, EveryKeyIsWholeAndItsDefaultValid) {
  for (const SchemaKey& key : schema()) {
    EXPECT_FALSE(key.meaning.empty()) << key.key;
    EXPECT_EQ(key.check == nullptr, key.expected.empty()) << key.key;
    if (!key.group_default.empty()) {
      EXPECT_EQ(parse_value(key.group_default, key.rule).problem, "") << key.key;
    }
    const auto value = get(key, RunConfig{});
    if (value && key.default_note.empty()) {
      EXPECT_EQ(parse_value(to_text(*value), key.rule).problem, "") << key.key;
    }
    EXPECT_TRUE(value || !key.rule.empty_word.empty() || !key.group.empty()) << key.key << " cannot be left empty";
  }
}

TEST(Schema, EachGroupHasOneDefault) {
  for (const SchemaKey& key : schema()) {
    if (key.group.empty()) continue;
    int defaults = key.group_default.empty() ? 0 : 1;
    for (const std::string& sibling : group_siblings(key))
      defaults += schema_key(sibling)->group_default.empty() ? 0 : 1;
    EXPECT_EQ(defaults, 1) << key.key;
  }
}

}  // namespace
}  // namespace tlaunch
