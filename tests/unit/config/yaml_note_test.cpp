#include "config/yaml/yaml_note.h"

#include <gtest/gtest.h>

#include "config/yaml/yaml_edit.h"

namespace tlaunch {
namespace {

const std::vector<std::vector<std::string>> paths{yaml_path("train.batch_size"), yaml_path("data.num_workers")};

std::string noted(const std::string& text, const std::string& date = "2026-11-29", const std::string& note = "here") {
  return with_note(text, paths, "by x", date, note);
}

TEST(YamlNote, StandsBehindAValueAndIsReplaced) {
  const std::string text = "# mine\ntrain:\n  batch_size: 8\n  epochs: 3\n# end\n";
  const std::string once = noted(text);
  EXPECT_EQ(once, "# mine\ntrain:\n  batch_size: 8  # by x 2026-11-29: here\n  epochs: 3\n# end\n");
  EXPECT_EQ(noted(once, "2027-01-02", "there"),
            "# mine\ntrain:\n  batch_size: 8  # by x 2027-01-02: there\n  epochs: 3\n# end\n");
}

TEST(YamlNote, AUsersCommentStays) {
  const std::string text = "train:\n  batch_size: 8  # of one rank\ndata: {num_workers: 2}\n";
  EXPECT_EQ(noted(text), "train:\n  batch_size: 8  # of one rank\ndata: {num_workers: 2}  # by x 2026-11-29: here\n");
  EXPECT_EQ(noted(noted(text)), noted(text));
  const std::string only = "train:\n  batch_size: 8  # by x, some day\n";
  EXPECT_EQ(noted(only), "train:\n  # by x 2026-11-29: here\n  batch_size: 8  # by x, some day\n");
  EXPECT_EQ(noted(noted(only), "2027-01-02"), "train:\n  # by x 2027-01-02: here\n  batch_size: 8  # by x, some day\n");
}

TEST(YamlNote, WhatOnlyLooksLikeANoteIsPartOfAValue) {
  const std::string text = "name: \"a # by x 2020-01-01: b\"\ntrain: {batch_size: 8,\n  epochs: 3}\n";
  EXPECT_EQ(noted(text),
            "name: \"a # by x 2020-01-01: b\"\ntrain: {batch_size: 8,  # by x 2026-11-29: here\n  epochs: 3}\n");
}

TEST(YamlNote, LineEndsStay) {
  EXPECT_EQ(noted("train:\r\n  batch_size: 8\r\nname: a\r\n"),
            "train:\r\n  batch_size: 8  # by x 2026-11-29: here\r\nname: a\r\n");
  EXPECT_EQ(noted("train: {batch_size: 8}"), "train: {batch_size: 8}  # by x 2026-11-29: here");
  EXPECT_EQ(noted(noted("train: {batch_size: 8}")), noted("train: {batch_size: 8}"));
}

TEST(YamlNote, WithoutAPlaceTheTextStays) {
  for (const char* text : {"", "# comment\n", "name: a\n", "train: [1\n", "train: 5\n"}) EXPECT_EQ(noted(text), text);
}

}  // namespace
}  // namespace tlaunch
