#include "checkpoint/folder/catalog.h"

#include <gmock/gmock.h>

#include <atomic>
#include <cmath>
#include <thread>

#include "base/error.h"
#include "checkpoint/safetensors/safetensors.h"
#include "tests/support/limits.h"
#include "tests/unit/checkpoint/fixture.h"

namespace tlaunch {
namespace {

using test::TempDir;
using testing::HasSubstr;

void save(const std::string& path, int step, Metadata metadata = {}) {
  const std::vector<float> weight(8, static_cast<float>(step));
  metadata.insert({{"tlaunch.step", std::to_string(step)}, {"tlaunch.epoch", std::to_string(step / 100)}});
  write_safetensors(path, {{"w", "F32", {8}, std::as_bytes(std::span(weight))}}, metadata);
}

void flip_last_byte(const std::string& path) {
  std::string bytes = test::content(path);
  bytes.back() ^= 1;
  test::write(path, bytes);
}

std::vector<std::string> names(const std::vector<CheckpointInfo>& infos) {
  std::vector<std::string> all;
  for (const CheckpointInfo& info : infos) all.push_back(std::filesystem::path(info.path).filename());
  return all;
}

TEST(Catalog, IsEmptyWithoutAFolder) {
  const TempDir dir;
  EXPECT_TRUE(list_checkpoints(dir / "absent").empty());
  EXPECT_TRUE(list_checkpoints(dir.path()).empty());
  EXPECT_EQ(newest_valid(dir / "absent").path, "");
  test::write(dir / "file", "x");
  EXPECT_THROW(list_checkpoints(dir / "file"), IoError);
}

TEST(Catalog, ListsNewestFirstWithWhatTheFilesSay) {
  const TempDir dir;
  save(dir / "a.safetensors", 200, {{"tlaunch.metrics", R"({"val_loss":0.25,"val_accuracy":"NaN"})"}});
  save(dir / "b.safetensors", 1000);
  save(dir / "c.safetensors", 30);
  const auto found = list_checkpoints(dir.path());
  EXPECT_THAT(names(found), testing::ElementsAre("b.safetensors", "a.safetensors", "c.safetensors"));
  EXPECT_EQ(found[0].step, 1000);
  EXPECT_EQ(found[0].epoch, 10);
  EXPECT_TRUE(found[0].valid);
  EXPECT_TRUE(found[0].metrics.empty());
  EXPECT_EQ(found[0].bytes, std::filesystem::file_size(dir / "b.safetensors"));
  EXPECT_EQ(found[0].path, (dir / "b.safetensors").string());
  EXPECT_EQ(found[1].metrics.at("val_loss"), 0.25);
  EXPECT_TRUE(std::isnan(found[1].metrics.at("val_accuracy")));
}

TEST(Catalog, SaysWhyGarbageIsNotValid) {
  const TempDir dir;
  save(dir / "good.safetensors", 7);
  test::write(dir / "1-empty.safetensors", "");
  test::write(dir / "2-noise.safetensors", "no checkpoint at all, but longer than eight bytes");
  save(dir / "3-cut.safetensors", 9);
  std::filesystem::resize_file(dir / "3-cut.safetensors", std::filesystem::file_size(dir / "3-cut.safetensors") - 1);
  write_safetensors(dir / "4-weights.safetensors", {}, {});
  save(dir / "5-step.safetensors", 9, {{"tlaunch.step", "nine"}});
  save(dir / "6-metrics.safetensors", 9, {{"tlaunch.metrics", R"({"val_loss":[[[]]]})"}});
  save(dir / "7-metrics.safetensors", 9, {{"tlaunch.metrics", "{"}});
  save(dir / "8-metrics.safetensors", 9, {{"tlaunch.metrics", R"({"val_loss":"low"})"}});
  std::filesystem::create_directory(dir / "9-folder.safetensors");
  // Not listed: another extension, a temporary file, a link to nothing (like a file that vanished meanwhile).
  test::write(dir / "notes.txt", "x");
  test::write(dir / ".good.safetensors", "x");
  std::filesystem::create_symlink("absent", dir / "link.safetensors");

  auto found = list_checkpoints(dir.path());
  ASSERT_EQ(found.size(), 10u);
  EXPECT_EQ(names(found).front(), "good.safetensors");
  const std::map<std::string, std::string> reasons = {{"1", "first 8 bytes"},
                                                      {"2", "not a safetensors file"},
                                                      {"3", "beyond the end of the file"},
                                                      {"4", "no tlaunch.step"},
                                                      {"5", "tlaunch.step in its metadata is not a count"},
                                                      {"6", "not an object of numbers"},
                                                      {"7", "not a JSON object"},
                                                      {"8", "'val_loss': expected a number"},
                                                      {"9", "not a file"}};
  found.erase(found.begin());
  for (const CheckpointInfo& info : found) {
    EXPECT_FALSE(info.valid) << info.path;
    const std::string name = std::filesystem::path(info.path).filename();
    EXPECT_THAT(info.reason, testing::AllOf(HasSubstr(reasons.at(name.substr(0, 1))), HasSubstr(info.path))) << name;
  }
}

TEST(Catalog, ResumesFromTheNewestThatVerifies) {
  const TempDir dir;
  save(dir / "a.safetensors", 100);
  save(dir / "b.safetensors", 200);
  save(dir / "c.safetensors", 300);
  test::write(dir / "d.safetensors", "half");
  EXPECT_EQ(newest_valid(dir.path()).path, (dir / "c.safetensors").string());
  flip_last_byte(dir / "c.safetensors");
  const ResumeChoice choice = newest_valid(dir.path());
  EXPECT_EQ(choice.path, (dir / "b.safetensors").string());
  EXPECT_THAT(choice.skipped, testing::ElementsAre(testing::AllOf(testing::StartsWith("c.safetensors: bytes "),
                                                                  HasSubstr("'w' is damaged")),
                                                   testing::StartsWith("d.safetensors: ")));
  flip_last_byte(dir / "a.safetensors");
  flip_last_byte(dir / "b.safetensors");
  EXPECT_EQ(newest_valid(dir.path()).path, "");
  EXPECT_EQ(newest_valid(dir.path()).skipped.size(), 4u);
}

TEST(Catalog, WhatCannotBeReadNowIsNoDamage) {
  const TempDir dir;
  save(dir / "a.safetensors", 100);
  save(dir / "b.safetensors", 200);
  const test::NoMoreDescriptors none(1);  // one is for the folder
  const auto found = list_checkpoints(dir.path());
  ASSERT_EQ(found.size(), 2u);
  for (const auto& info : found) {
    EXPECT_TRUE(info.unreadable) << info.path;
    EXPECT_FALSE(info.valid);
    EXPECT_THAT(info.reason, HasSubstr("Too many open files"));
  }
  EXPECT_THROW(newest_valid(dir.path()), IoError) << "an older one, or none, would be trained on from";
}

TEST(Catalog, ToleratesFilesThatComeAndGo) {
  const TempDir dir;
  save(dir / "kept.safetensors", 1);
  std::atomic<bool> done = false;
  std::thread other([&] {
    while (!done) {
      save(dir / "fleeting.safetensors", 2);
      std::filesystem::remove(dir / "fleeting.safetensors");
    }
  });
  for (int i = 0; i < 300; ++i) {
    for (const CheckpointInfo& info : list_checkpoints(dir.path()))
      EXPECT_TRUE(info.valid) << info.path << ": " << info.reason;
    EXPECT_NE(newest_valid(dir.path()).path, "");
  }
  done = true;
  other.join();
}

}  // namespace
}  // namespace tlaunch
