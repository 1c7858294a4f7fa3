#include "tuning/team_file.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace tlaunch {
namespace {

// The example in the teams' note.
const std::string team = R"(# Shared by all of us. Ask before you change it.
team_gpu_settings:
  rtx_4090:
    batch_size: 48
    gradient_accumulation_steps: 1
    mixed_precision: true    # fp16
  rtx_3060:                  # Ana's
    batch_size: 12
    gradient_accumulation_steps: 4
    mixed_precision: true
  gtx_1080:
    batch_size: 6
    gradient_accumulation_steps: 8
    mixed_precision: false
# last line
)";

TeamFile parse(const std::string& text) { return parse_team_file(text, "team.yaml"); }

std::string error_of(const std::string& text) {
  try {
    parse(text);
    return "";
  } catch (const UsageError& error) {
    return error.what();
  }
}

std::string found_id(const std::string& text, const TeamCard& card) {
  const auto entry = find_team_entry(parse(text), card);
  return entry ? entry->id : "";
}

// A file with only these ids.
std::string with_ids(const std::vector<std::string>& ids) {
  std::string text = "team_gpu_settings:\n";
  for (const std::string& id : ids) text += "  \"" + id + "\": {batch_size: 8}\n";
  return text;
}

std::string with(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

TEST(TeamFile, TheNotesOwnFileIsRead) {
  const TeamFile file = parse(team);
  ASSERT_EQ(file.entries.size(), 3u);
  const auto big = find_team_entry(file, {"rtx_4090"});
  EXPECT_EQ(big->settings.integer("train.batch_size"), 48);
  EXPECT_EQ(big->settings.integer("train.gradient_accumulation_steps"), 1);
  EXPECT_FALSE(big->settings.values.contains("gpu.mixed_precision"));
  EXPECT_TRUE(big->settings.any_mixed_precision);
  EXPECT_EQ(big->note, "");
  const auto old = find_team_entry(file, {"NVIDIA GeForce GTX 1080", 8.5});
  EXPECT_EQ(old->settings.values.at("gpu.mixed_precision"), OptionValue("off"));
  EXPECT_FALSE(old->settings.any_mixed_precision);
  EXPECT_EQ(old->line, 11);
}

TEST(TeamFile, OurFurtherKeysAreRead) {
  const TeamSettings read = parse(
                                "team_gpu_settings: {cpu: {mixed_precision: bf16, tf32: true, cudnn_benchmark: no, "
                                "channels_last: auto, num_workers: 0}}")
                                .entries.at(0)
                                .settings;
  EXPECT_EQ(read.values, (std::map<std::string, OptionValue>{{"gpu.mixed_precision", "bf16"},
                                                             {"gpu.tf32", true},
                                                             {"gpu.cudnn_benchmark", false},
                                                             {"data.num_workers", std::int64_t{0}}}));
}

TEST(TeamFile, ABatchThatIsNoMultipleOfFourIsReadWithTheSplitsThatAre) {
  EXPECT_EQ(find_team_entry(parse(team), {"gtx_1080"})->settings.integer("train.batch_size"), 6);
  EXPECT_EQ(find_team_entry(parse(team), {"gtx_1080"})->note,
            "batch_size 6 is not a multiple of 4; for the same effective batch of 48: 4 x 12 or 8 x 6");
  const auto note = [](const std::string& settings) {
    return parse("team_gpu_settings: {cpu: {" + settings + "}}").entries.at(0).note;
  };
  EXPECT_EQ(note("batch_size: 2, gradient_accumulation_steps: 8"),
            "batch_size 2 is not a multiple of 4; for the same effective batch of 16: 4 x 4");
  EXPECT_EQ(note("batch_size: 7"),
            "batch_size 7 is not a multiple of 4, and its effective batch of 7 cannot be split into one");
  EXPECT_EQ(note("batch_size: 8"), "");
}

TEST(TeamFile, CardsAreFoundHoweverTheirNameIsWritten) {
  for (const char* name : {"rtx_3060", "RTX 3060", "rtx-3060", "RTX3060", "NVIDIA GeForce RTX 3060"})
    EXPECT_EQ(found_id(team, {name}), "rtx_3060") << name;
  EXPECT_EQ(found_id(with_ids({"A100", "V100"}), {"NVIDIA A100-SXM4-80GB"}), "A100");
  EXPECT_EQ(found_id(with_ids({"A100", "V100"}), {"Tesla V100-PCIE-32GB"}), "V100");
  EXPECT_EQ(found_id(with_ids({"RTX3080Ti"}), {"NVIDIA GeForce RTX 3080 Ti"}), "RTX3080Ti");
  EXPECT_EQ(found_id(with_ids({"CPU"}), {"cpu"}), "CPU");
}

TEST(TeamFile, AnotherCardIsNotTakenForIt) {
  EXPECT_EQ(found_id(team, {"NVIDIA GeForce RTX 3060 Ti"}), "");
  EXPECT_EQ(found_id(team, {"NVIDIA GeForce RTX 3060 Laptop GPU"}), "");
  EXPECT_EQ(found_id(team, {"cpu"}), "");
}

TEST(TeamFile, AnEntryForTheCardsMemoryComesFirst) {
  for (const char* small : {"rtx_3060_8gb", "rtx_3060:8GB", "RTX 3060 8 GB"}) {
    const std::string text = with_ids({"rtx_3060", small, "rtx_3060_12gb"});
    EXPECT_EQ(found_id(text, {"rtx_3060", 8.59}), small);  // as the driver counts
    EXPECT_EQ(found_id(text, {"RTX 3060 8GB"}), small);
    EXPECT_EQ(found_id(text, {"rtx_3060", 12.0}), "rtx_3060_12gb");
    EXPECT_EQ(found_id(text, {"rtx_3060"}), "rtx_3060");
  }
  EXPECT_EQ(found_id(with_ids({"rtx_3060_12gb"}), {"rtx_3060", 8.59}), "");
  EXPECT_EQ(found_id(with_ids({"rtx_3060_12gb"}), {"rtx_3060"}), "");
  EXPECT_EQ(found_id(with_ids({"h200_141gb"}), {"NVIDIA H200", 150.8}), "h200_141gb");
}

TEST(TeamFile, WhatTheTeamKeepsBesideItIsLeftAlone) {
  EXPECT_EQ(parse("contact: [ana, ben]\nteam_gpu_settings:\n").entries.size(), 0u);
}

TEST(TeamFile, MistakesAreToldAllAtOnceWithTheirPlace) {
  EXPECT_EQ(
      error_of("team_gpu_settings:\n"
               "  rtx_4090: {batch_size: many, mixed_precission: true}\n"
               "  RTX 4090: {batch_size: 0}\n"
               "  gtx_1080: 8\n"
               "  geforce: {}\n"
               "  cpu: {tf32: true, tf32: false, num_workers: [1]}\n"),
      "team.yaml:2:26: team_gpu_settings.rtx_4090.batch_size: 'many' is not an integer; expected an integer from 1 "
      "to 1073741824, or auto\n"
      "team.yaml:2:32: team_gpu_settings.rtx_4090.mixed_precission: unknown key; did you mean mixed_precision?; "
      "expected one of batch_size, gradient_accumulation_steps, mixed_precision, tf32, cudnn_benchmark, "
      "channels_last, num_workers\n"
      "team.yaml:3:3: team_gpu_settings.RTX 4090: is the same GPU as rtx_4090 in line 2; remove one\n"
      "team.yaml:3:26: team_gpu_settings.RTX 4090.batch_size: '0' is too small; expected an integer from 1 to "
      "1073741824, or auto\n"
      "team.yaml:4:3: team_gpu_settings.gtx_1080: has no keys; expected keys below it, such as batch_size: 48\n"
      "team.yaml:5:3: team_gpu_settings.geforce: is not a GPU; expected an id such as rtx_3060, rtx_3060_12gb "
      "or cpu\n"
      "team.yaml:6:21: team_gpu_settings.cpu.tf32: is given twice; remove one\n"
      "team.yaml:6:47: team_gpu_settings.cpu.num_workers: expected an integer from 0 to 1024, or auto");
}

TEST(TeamFile, AFileOfAnotherKindIsRefused) {
  const std::string form =
      "expected team_gpu_settings: with one entry per GPU, such as rtx_4090: {batch_size: 48, "
      "gradient_accumulation_steps: 1}";
  EXPECT_EQ(error_of("train: {epochs: 1}\n"), "team.yaml: team_gpu_settings is missing; " + form);
  EXPECT_EQ(error_of(""), "team.yaml: team_gpu_settings is missing; " + form);
  EXPECT_EQ(error_of("- a\n"), "team.yaml:1:1: not a map of keys; " + form);
  EXPECT_EQ(error_of("team_gpu_settings: [rtx_4090]\n"), "team.yaml:1:20: team_gpu_settings: is not a map; " + form);
  EXPECT_NE(error_of("a: [1").find(": not valid YAML"), std::string::npos);
}

TeamSettings measured() {
  TeamSettings settings;
  settings.values["train.batch_size"] = std::int64_t{16};
  settings.values["train.gradient_accumulation_steps"] = std::int64_t{3};
  settings.values["gpu.mixed_precision"] = "bf16";
  return settings;
}

TEST(TeamFile, AnEntryIsUpdatedAndTheRestOfTheFileStays) {
  EXPECT_EQ(with_team_entry(team, "team.yaml", {"NVIDIA GeForce RTX 3060", 12.9}, false, measured()),
            with(with(team, "batch_size: 12", "batch_size: 16"), "steps: 4\n    mixed_precision: true",
                 "steps: 3\n    mixed_precision: bf16"));
}

TEST(TeamFile, ANewEntryComesAfterTheOthers) {
  TeamSettings settings = measured();
  settings.values["gpu.mixed_precision"] = "off";
  settings.values["gpu.channels_last"] = true;
  settings.values["data.num_workers"] = std::int64_t{2};
  EXPECT_EQ(with_team_entry(team, "team.yaml", {"NVIDIA A10", 24.1}, false, settings),
            with(team, "# last",
                 "  a10:\n    batch_size: 16\n    gradient_accumulation_steps: 3\n    mixed_precision: false\n"
                 "    channels_last: true\n    num_workers: 2\n# last"));
}

TEST(TeamFile, ACardOfSeveralMemoriesGetsAnEntryOfItsOwn) {
  const std::string once = with_team_entry(team, "team.yaml", {"NVIDIA GeForce RTX 3060", 12.0}, true, measured());
  EXPECT_EQ(once, with(team, "# last",
                       "  rtx_3060_12gb:\n    batch_size: 16\n    gradient_accumulation_steps: 3\n"
                       "    mixed_precision: bf16\n# last"));
  EXPECT_EQ(found_id(once, {"rtx_3060", 12.9}), "rtx_3060_12gb");
  EXPECT_EQ(found_id(once, {"rtx_3060", 8.6}), "rtx_3060");
  TeamSettings other = measured();
  other.values["train.batch_size"] = std::int64_t{20};
  EXPECT_EQ(with_team_entry(once, "team.yaml", {"rtx_3060", 12.9}, true, other),
            with(once, "batch_size: 16", "batch_size: 20"));
}

TEST(TeamFile, AnEmptyFileIsStarted) {
  EXPECT_EQ(with_team_entry("", "team.yaml", {"cpu"}, false, measured()),
            "team_gpu_settings:\n  cpu:\n    batch_size: 16\n    gradient_accumulation_steps: 3\n"
            "    mixed_precision: bf16\n");
}

TEST(TeamFile, AFileWithMistakesIsNotUpdated) {
  EXPECT_THROW(with_team_entry("team_gpu_settings: {a: 1}", "team.yaml", {"cpu"}, false, measured()), UsageError);
}

}  // namespace
}  // namespace tlaunch
