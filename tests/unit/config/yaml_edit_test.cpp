#include "config/yaml/yaml_edit.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <iterator>
#include <sstream>

#include "base/error.h"

namespace tlaunch {
namespace {

std::string set(const std::string& text, const std::string& key, const std::string& value) {
  return edit_yaml(text, {{yaml_path(key), value}}, "c.yaml");
}

std::string error_of(const std::string& text, const std::vector<YamlEdit>& edits) {
  try {
    edit_yaml(text, edits, "c.yaml");
    return "";
  } catch (const UsageError& error) {
    return error.what();
  }
}
std::string error_of(const std::string& text, const std::string& key = "train.batch_size") {
  return error_of(text, {{yaml_path(key), "8"}});
}

const std::string config = R"(# team file: keep this comment

name: 'x'   # quoted

train:
  epochs: 4
  batch_size: 32     # of one rank
  learning_rate: 5.0e-3

  # kept

data:
  name: fashion_mnist          # from Debian
# last line
)";

std::string with(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

// ---- existing values

TEST(YamlEdit, OnlyTheValueChangesAndTheCommentKeepsItsColumn) {
  EXPECT_EQ(set(config, "train.batch_size", "128"), with(config, "batch_size: 32     # of", "batch_size: 128    # of"));
  EXPECT_EQ(set(config, "train.batch_size", "8"), with(config, "batch_size: 32     # of", "batch_size: 8      # of"));
}

TEST(YamlEdit, ALongValuePushesItsCommentOneSpaceAway) {
  EXPECT_EQ(set("a: 1 # c\n", "a", "100000"), "a: 100000 # c\n");
}

TEST(YamlEdit, TabsBeforeACommentStay) { EXPECT_EQ(set("a: 1\t# c\td\n", "a", "123"), "a: 123\t# c\td\n"); }

TEST(YamlEdit, AValueThatIsThereAlreadyKeepsItsQuotes) {
  EXPECT_EQ(set("a: \"8\"\n", "a", "8"), "a: \"8\"\n");
  EXPECT_EQ(set("a: |\n  8\n", "a", "8\n"), "a: |\n  8\n");
}

TEST(YamlEdit, QuotedValuesAreReplacedWithTheirQuotes) {
  EXPECT_EQ(set("a: 'it''s'  # c\n", "a", "8"), "a: 8        # c\n");
  EXPECT_EQ(set("a: \"x \\\" # y\"\nb: 1\n", "a", "8"), "a: 8\nb: 1\n");
}

TEST(YamlEdit, ACommentRightBehindAQuoteStaysAComment) { EXPECT_EQ(set("a: 'x'#c\n", "a", "8"), "a: 8 #c\n"); }

TEST(YamlEdit, ATextThatIsNoPlainScalarIsQuoted) {
  EXPECT_EQ(set("a: 1\n", "a", "x: #y"), "a: \"x: #y\"\n");
  EXPECT_EQ(set("a: 1\n", "a", "null"), "a: \"null\"\n");
}

TEST(YamlEdit, QuotedKeysAreFound) {
  EXPECT_EQ(set("\"train\": {'batch_size': 1}\n", "train.batch_size", "8"), "\"train\": {'batch_size': 8}\n");
}

TEST(YamlEdit, EmptyAndNullValuesAreFilled) {
  EXPECT_EQ(set("a:\nb: 1\n", "a", "8"), "a: 8\nb: 1\n");
  EXPECT_EQ(set("a:       # c\n", "a", "8"), "a: 8     # c\n");
  EXPECT_EQ(set("a: ~\n", "a", "8"), "a: 8\n");
  EXPECT_EQ(set("t: {a: , b}\n", "t.a", "8"), "t: {a: 8 , b}\n");
  EXPECT_EQ(set("t: {a: , b}\n", "t.b", "8"), "t: {a: , b: 8}\n");
}

TEST(YamlEdit, AValueOnTheNextLineIsReplacedThere) { EXPECT_EQ(set("a:\n    1\n", "a", "8"), "a:\n    8\n"); }

TEST(YamlEdit, AValueOverSeveralLinesIsReplacedAsAWhole) {
  EXPECT_EQ(set("a: x\n  y # c\nb: 1\n", "a", "8"), "a: 8     # c\nb: 1\n");
}

TEST(YamlEdit, ExplicitKeysKeepTheirForm) { EXPECT_EQ(set("? a\n: 1\n", "a", "8"), "? a\n: 8\n"); }

// ---- new keys

TEST(YamlEdit, AMissingKeyIsAddedAtTheEndOfItsSection) {
  EXPECT_EQ(set(config, "train.gradient_accumulation_steps", "2"),
            with(config, "5.0e-3\n", "5.0e-3\n  gradient_accumulation_steps: 2\n"));
}

TEST(YamlEdit, AMissingKeyIsAddedBelowTheSectionsOwnLastComments) {
  EXPECT_EQ(set("train:\n  a: 1\n    # more about a\nb: 1\n", "train.c", "8"),
            "train:\n  a: 1\n    # more about a\n  c: 8\nb: 1\n");
}

TEST(YamlEdit, TheSectionsIndentationIsTaken) {
  EXPECT_EQ(set("train:\n     a: 1\nb: 2\n", "train.c", "8"), "train:\n     a: 1\n     c: 8\nb: 2\n");
  EXPECT_EQ(set("?\n  a\n: 1\nb: 2\n", "train.c", "8"), "?\n  a\n: 1\nb: 2\ntrain:\n  c: 8\n");
  EXPECT_EQ(set("  train:\n    a: 1\n", "b", "8"), "  train:\n    a: 1\n  b: 8\n");
}

TEST(YamlEdit, NestedEndsAreFound) {
  EXPECT_EQ(set("train:\n  a:\n    - [x, {y: z}]  # c\n    -\ndata: 1\n", "train.b", "8"),
            "train:\n  a:\n    - [x, {y: z}]  # c\n    -\n  b: 8\ndata: 1\n");
  EXPECT_EQ(set("train:\n  a: [\n 'x # y'\n  # ]\n  ] # c\ndata: 1\n", "train.b", "8"),
            "train:\n  a: [\n 'x # y'\n  # ]\n  ] # c\n  b: 8\ndata: 1\n");
  EXPECT_EQ(set("train:\n  a: \"x\n   # y\"\ndata: 1\n", "train.b", "8"),
            "train:\n  a: \"x\n   # y\"\n  b: 8\ndata: 1\n");
}

TEST(YamlEdit, FlowMapsGrowWithinTheirBraces) {
  EXPECT_EQ(set("train: {a: 1}    # c\n", "train.b", "8"), "train: {a: 1, b: 8} # c\n");
  EXPECT_EQ(set("train: {}\n", "train.b", "8"), "train: {b: 8}\n");
  EXPECT_EQ(set("train: {a: 1,}\n", "train.b", "8"), "train: {a: 1, b: 8}\n");
  EXPECT_EQ(set("train: {a: [1, {c: d}]}\n", "train.b", "8"), "train: {a: [1, {c: d}], b: 8}\n");
  EXPECT_EQ(set("{train: {a: 1}, c: 2}\n", "train.b", "8"), "{train: {a: 1, b: 8}, c: 2}\n");
  EXPECT_EQ(set("{a: 1}", "train.b", "8"), "{a: 1, train: {b: 8}}");
  EXPECT_EQ(set("train: {\n  a: 1  # }\n}\n", "train.b", "8"), "train: {\n  a: 1, b: 8 # }\n}\n");
}

// ---- new sections

TEST(YamlEdit, AMissingSectionComesAfterTheLastKeyAndBeforeTheLastComments) {
  EXPECT_EQ(edit_yaml(config, {{yaml_path("gpu.tf32"), "true"}, {yaml_path("gpu.mixed_precision"), "bf16"}}, "c.yaml"),
            with(config, "# last line", "\ngpu:\n  tf32: true\n  mixed_precision: bf16\n# last line"));
}

TEST(YamlEdit, SectionsWithoutEmptyLinesBetweenStayClose) {
  EXPECT_EQ(set("model:\n    a: 1\ntrain:\n    b: 1\n", "gpu.tf32", "true"),
            "model:\n    a: 1\ntrain:\n    b: 1\ngpu:\n    tf32: true\n");
}

TEST(YamlEdit, AnEmptySectionIsFilled) {
  EXPECT_EQ(set("train:\n  # epochs: 3\n\ndata: 1\n", "train.b", "8"), "train:\n  # epochs: 3\n  b: 8\n\ndata: 1\n");
  EXPECT_EQ(set("train: # c\n# d\n", "train.b", "8"), "train: # c\n  b: 8\n# d\n");
  EXPECT_EQ(set("train: null\n", "train.b", "8"), "train: {b: 8}\n");
  EXPECT_EQ(set("{train:, a: 1}\n", "train.b", "8"), "{train: {b: 8}, a: 1}\n");
}

TEST(YamlEdit, SectionsWithinSectionsAreMade) {
  EXPECT_EQ(set("team:\n  a:\n    x: 1\n", "team.b.x", "8"), "team:\n  a:\n    x: 1\n  b:\n    x: 8\n");
  EXPECT_EQ(set("", "team.b.x", "8"), "team:\n  b:\n    x: 8\n");
}

TEST(YamlEdit, AFileWithoutKeysGetsThemBelowItsComments) {
  EXPECT_EQ(set("", "train.b", "8"), "train:\n  b: 8\n");
  EXPECT_EQ(set("# first\r\n\r\n", "train.b", "8"), "# first\r\n\r\ntrain:\r\n  b: 8\r\n");
  EXPECT_EQ(set("# first", "train.b", "8"), "# first\ntrain:\n  b: 8");
  EXPECT_EQ(set("---\n# first\n", "b", "8"), "---\n# first\nb: 8\n");
}

// ---- bytes that stay

TEST(YamlEdit, WindowsLineEndsAndAByteOrderMarkStay) {
  EXPECT_EQ(set("\xEF\xBB\xBFtrain:\r\n  a: 1 # c\r\nb: 2", "train.a", "8"),
            "\xEF\xBB\xBFtrain:\r\n  a: 8 # c\r\nb: 2");
  EXPECT_EQ(set("\xEF\xBB\xBFtrain:\r\n  a: 1\r\n", "train.c", "8"), "\xEF\xBB\xBFtrain:\r\n  a: 1\r\n  c: 8\r\n");
  EXPECT_EQ(set("\xEF\xBB\xBF"
                "a: 1\r\n",
                "b", "8"),
            "\xEF\xBB\xBF"
            "a: 1\r\nb: 8\r\n");
}

TEST(YamlEdit, AMissingLastLineEndStaysMissing) {
  EXPECT_EQ(set("train:\n  a: 1", "train.b", "8"), "train:\n  a: 1\n  b: 8");
  EXPECT_EQ(set("train:\n  a: 1", "gpu.b", "8"), "train:\n  a: 1\ngpu:\n  b: 8");
}

TEST(YamlEdit, TextAfterTheDocumentsEndStaysBehindIt) {
  EXPECT_EQ(set("a: 1\n...\n# end\n", "b", "8"), "a: 1\nb: 8\n...\n# end\n");
}

TEST(YamlEdit, ACommentInAnotherEncodingStays) {
  EXPECT_EQ(set("# gr\xFC\xDF\na: 1 # \xFC\n", "a", "22"), "# gr\xFC\xDF\na: 22 # \xFC\n");
}

// ---- edits that must be done by hand

TEST(YamlEdit, WhatIsNotEditedByRuleNamesItsLine) {
  EXPECT_EQ(error_of("b: &x 1\ntrain:\n  batch_size: *x\n"),
            "c.yaml:3:15: train.batch_size: is an alias (*); set it to '8' by hand");
  EXPECT_EQ(error_of("train:\n  batch_size: &x 1\n"),
            "c.yaml:2:15: train.batch_size: has an anchor (&); set it to '8' by hand");
  EXPECT_EQ(error_of("train:\n  batch_size: !!int 1\n"),
            "c.yaml:2:15: train.batch_size: has a tag (!); set it to '8' by hand");
  EXPECT_EQ(error_of("train:\n  batch_size: |\n    1\n"),
            "c.yaml:2:15: train.batch_size: is a block scalar; set it to '8' by hand");
  EXPECT_EQ(error_of("train:\n  batch_size: [1]\n"),
            "c.yaml:2:15: train.batch_size: is a map or a list, not a single value; set it to '8' by hand");
  EXPECT_EQ(error_of("b: &x {batch_size: 1}\ntrain:\n  <<: *x\n"),
            "c.yaml:3:3: train.batch_size: may come through a merge key (<<); set it to '8' by hand");
  EXPECT_EQ(error_of("b: &x {batch_size: 1}\ntrain: *x\n"),
            "c.yaml:2:8: train.batch_size: is an alias (*); set it to '8' by hand");
  EXPECT_EQ(error_of("train: &x {batch_size: 1}\nb: *x\n"),
            "c.yaml:1:8: train.batch_size: has an anchor (&); set it to '8' by hand");
  EXPECT_EQ(error_of("train: 1\n"), "c.yaml:1:8: train.batch_size: is not a map of keys; set it to '8' by hand");
  EXPECT_EQ(error_of("- a\n"), "c.yaml:1:1: train.batch_size: is not a map of keys; set it to '8' by hand");
  EXPECT_EQ(error_of("? train\n"), "c.yaml:1:3: train.batch_size: has no value; set it to '8' by hand");
}

TEST(YamlEdit, KeysAndSectionsGivenTwiceAreRefused) {
  EXPECT_EQ(error_of("train:\n  a: 1\ndata: 1\ntrain:\n  batch_size: 1\n"),
            "c.yaml:4:1: train.batch_size: is given twice, first in line 1; set it to '8' by hand");
  EXPECT_EQ(error_of("train: {batch_size: 1, batch_size: 2}\n"),
            "c.yaml:1:24: train.batch_size: is given twice, first in line 1; set it to '8' by hand");
}

TEST(YamlEdit, ASectionThatEndsInABlockScalarIsRefusedForNewKeysOnly) {
  const std::string text = "train:\n  a: 1\n  note: |\n    # no comment\n\ndata: 1\n";
  EXPECT_EQ(set(text, "train.a", "8"), with(text, "a: 1", "a: 8"));
  EXPECT_EQ(error_of(text), "c.yaml:3:9: train.batch_size: is a block scalar; set it to '8' by hand");
}

TEST(YamlEdit, AllProblemsAreToldWithTheLinesOfTheFileAsItIs) {
  EXPECT_EQ(error_of("train:\n  a: 1\ngpu: x\ndata: &y {b: 1}\n",
                     {{{"train", "new"}, "1"}, {{"gpu", "tf32"}, "true"}, {{"data", "b"}, "2"}}),
            "c.yaml:3:6: gpu.tf32: is not a map of keys; set it to 'true' by hand\n"
            "c.yaml:4:7: data.b: has an anchor (&); set it to '2' by hand");
}

TEST(YamlEdit, WhatIsNoYamlIsRefused) {
  EXPECT_NE(error_of("a: [1\n").find("not valid YAML"), std::string::npos);
  EXPECT_NE(error_of("a: 1\n---\nb: 2\n").find("second document"), std::string::npos);
}

// In the first two files a new value without quotes would continue in the next line. Found by fuzzing.
TEST(YamlEdit, AValueThatWouldRunIntoTheNextKeyIsRefused) {
  for (const char* text :
       {"train:\r\n  batch_size:   # d\r\n  ''\r\n  b c: ~\r\n", "train:\n  batch_size:\n  '1'\n  lr: 2\n"})
    EXPECT_EQ(error_of(text),
              "c.yaml:2:3: train.batch_size: cannot be set here without changing other keys; set it to '8' by hand");
}

// Forms that yaml-cpp accepts only if nothing follows below. Found by fuzzing.
TEST(YamlEdit, WhatOnlyTheLastLineMayHoldIsNotBuiltUpon) {
  EXPECT_EQ(error_of("a: \"b\"\nfoo\n"), "c.yaml:2:1: train.batch_size: has no value; set it to '8' by hand");
  EXPECT_EQ(error_of("a: 1\nb:\n\nfoo\n# c"),
            "c.yaml:4:1: train.batch_size: is not indented further than its key; "
            "set it to '8' by hand");
  EXPECT_EQ(error_of("a:\n b:\n\n foo\n# c"),
            "c.yaml:4:2: train.batch_size: is not indented further than its key; "
            "set it to '8' by hand");
  EXPECT_EQ(error_of("a: &x\n !"),
            "c.yaml:1:4: train.batch_size: has an anchor (&) or a tag (!); "
            "set it to '8' by hand");
  EXPECT_EQ(error_of("%YAML 1.2\n\n!"),
            "c.yaml:1:1: train.batch_size: the file holds an empty document; set it to '8' by hand");
}

TEST(YamlEdit, NewKeysComeBelowLinesThatBeginWithATab) {
  EXPECT_EQ(set("train:\n \t# c\n\t\na: 1\n", "train.b", "8"), "train:\n \t# c\n\t\n  b: 8\na: 1\n");
}

TEST(YamlEdit, AKeyBelowAnEmptyOneIsNotTakenForNull) {
  EXPECT_EQ(set("b:\nnull c: 1\n", "b", "8"), "b: 8\nnull c: 1\n");
}

TEST(YamlEdit, ACarriageReturnWithinALineIsRefused) {
  EXPECT_EQ(error_of("a: 1\nb: x\ry\n"),
            "c.yaml:2:5: train.batch_size: the file has a carriage return within a line; set it to '8' by hand");
}

// ---- random files

std::string any_comment() {
  return *rc::gen::element<std::string>("", "", "", " # c", "   # 'odd\" {x: ]", "\t# tab\tx", " #");
}

std::string any_scalar(bool flow) {
  if (flow) return *rc::gen::element<std::string>("1", "off", "'a, b'", "\"}\"", "5.0e-3", "{x: [1, '#']}", "[]", "");
  return *rc::gen::element<std::string>("1", "off", "'it''s # x'", "\"a\\\"b: \"", "x y", "http://x#y", "[a, {b: c}]",
                                        "{x: 1}", "~", "", "32");
}

std::string any_config() {
  std::string text;
  const std::string nl = *rc::gen::element<std::string>("\n", "\r\n");
  const std::string step(*rc::gen::inRange<std::size_t>(1, 6), ' ');
  const auto noise = [&] { return *rc::gen::element<std::string>("", "", "", nl, "# line" + nl, "      # deep" + nl); };
  if (*rc::gen::inRange(0, 8) == 0) text = "\xEF\xBB\xBF";
  text += noise();
  for (const std::string& section : std::vector<std::string>{"model", "train", "gpu", "data"}) {
    if (*rc::gen::inRange(0, 4) == 0) continue;
    const int kind = *rc::gen::inRange(0, 5);
    const std::string name = *rc::gen::arbitrary<bool>() ? section : "\"" + section + "\"";
    std::vector<std::string> keys;
    for (const char* key : {"a", "b", "c", "d"})
      if (*rc::gen::arbitrary<bool>()) keys.push_back(key);
    if (kind == 0) {  // a top-level key with a scalar
      text += name + ": " + any_scalar(false) + any_comment() + nl;
    } else if (kind == 1) {
      std::string inner;
      for (const std::string& key : keys) inner += (inner.empty() ? "" : ", ") + key + ": " + any_scalar(true);
      text += name + ": {" + inner + "}" + any_comment() + nl;
    } else {
      text += name + ":" + any_comment() + nl;
      for (const std::string& key : keys) text += noise() + step + key + ": " + any_scalar(false) + any_comment() + nl;
    }
    text += noise();
  }
  if (*rc::gen::inRange(0, 4) == 0 && text.ends_with(nl)) text.erase(text.size() - nl.size());
  return text;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::string dump(const YAML::Node& node) {
  YAML::Emitter out;
  out << node;
  return out.c_str();
}

TEST(YamlEdit, RandomFilesDifferOnlyInWhatWasAsked) {
  const auto result = rc::check([] {
    const std::string text = any_config();
    const std::string section = *rc::gen::element<std::string>("model", "train", "gpu", "data");
    const std::string key = *rc::gen::element<std::string>("a", "c", "new");
    const std::string value = *rc::gen::element<std::string>("8", "a much longer value", "bf16");
    RC_LOG() << text;
    std::string edited;
    try {
      edited = set(text, section + "." + key, value);
    } catch (const UsageError&) {
      const YAML::Node before = YAML::Load(text)[section];  // refused only if the section cannot hold it
      const bool has_place = before.IsMap() && !before[key].IsMap() && !before[key].IsSequence();
      RC_ASSERT(before.IsDefined() && !has_place);
      return;
    }
    // As YAML.
    YAML::Node before = YAML::Load(text), after = YAML::Load(edited);
    RC_ASSERT(after[section][key].Scalar() == value);
    const bool had_section = before.IsMap() && before[section].IsMap();
    if (had_section) {
      before[section].remove(key);
      after[section].remove(key);
    } else {
      if (before.IsMap()) before.remove(section);
      after.remove(section);
    }
    if (before.IsMap()) RC_ASSERT(dump(before) == dump(after));
    // As text: at most one line changed, the others are the same.
    const std::vector<std::string> old_lines = lines_of(text), new_lines = lines_of(edited);
    const auto [old_from, new_from] =
        std::mismatch(old_lines.begin(), old_lines.end(), new_lines.begin(), new_lines.end());
    const auto [old_to, new_to] = std::mismatch(old_lines.rbegin(), std::make_reverse_iterator(old_from),
                                                new_lines.rbegin(), std::make_reverse_iterator(new_from));
    RC_ASSERT(old_to.base() - old_from <= 1);
    RC_ASSERT(text.ends_with('\n') == edited.ends_with('\n') || text.empty() || text == "\xEF\xBB\xBF");
    RC_ASSERT((text.find("\r\n") == std::string::npos) == (edited.find('\r') == std::string::npos));
    // A second edit changes nothing.
    RC_ASSERT(set(edited, section + "." + key, value) == edited);
  });
  EXPECT_TRUE(result);
}

}  // namespace
}  // namespace tlaunch
