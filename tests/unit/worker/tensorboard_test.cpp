#include "worker/tensorboard.h"

#include <gmock/gmock.h>

#include <cmath>
#include <cstring>

#include "base/crc32c.h"
#include "base/error.h"
#include "tests/unit/checkpoint/fixture.h"

namespace tlaunch {
namespace {

using test::TempDir;

std::string only_event_file(const std::string& dir) {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(dir)) found.push_back(entry.path());
  return found.size() == 1 ? found[0] : "";
}

void no_problem(const std::string& problem) { ADD_FAILURE() << problem; }

TEST(Tensorboard, RecordsAreWhole) {
  const TempDir dir;
  {
    TensorboardWriter writer(dir / "tensorboard", 0, no_problem);
    writer.scalar("train_loss", 3, 0.5);
    EXPECT_GT(std::filesystem::file_size(only_event_file(dir / "tensorboard")), 50u) << "a scalar is written at once";
  }
  const std::string path = only_event_file(dir / "tensorboard");
  EXPECT_THAT(
      std::filesystem::path(path).filename().string(),
      testing::AllOf(testing::StartsWith("events.out.tfevents."), testing::EndsWith(std::to_string(::getpid()))));
  const std::string file = test::content(path);
  const auto number = [&](std::size_t at, auto value) {
    std::memcpy(&value, file.data() + at, sizeof value);
    return value;
  };
  const auto masked = [&](std::size_t at, std::size_t size) {
    const std::uint32_t crc = crc32c(std::as_bytes(std::span(file.data() + at, size)));
    return (crc >> 15 | crc << 17) + 0xa282ead8u;
  };
  std::vector<std::string> records;
  for (std::size_t at = 0; at < file.size();) {
    const auto size = number(at, std::uint64_t{});
    ASSERT_LE(at + 16 + size, file.size());
    EXPECT_EQ(number(at + 8, std::uint32_t{}), masked(at, 8));
    EXPECT_EQ(number(at + 12 + size, std::uint32_t{}), masked(at + 12, size));
    records.push_back(file.substr(at + 12, size));
    at += 16 + size;
  }
  ASSERT_EQ(records.size(), 3u);
  EXPECT_THAT(records[0], testing::EndsWith("brain.Event:2"));
  EXPECT_EQ(records[1].substr(9), std::string("\x10\x01\x3a\x02\x08\x01", 6)) << "step 1; a session starts";
  // step 3; summary of 19 bytes; value of 17; tag of 10; simple_value 0.5
  EXPECT_EQ(records[2].substr(9), std::string("\x10\x03\x2a\x13\x0a\x11\x0a\x0a"
                                              "train_loss\x15\x00\x00\x00\x3f",
                                              23));
}

TEST(Tensorboard, TensorBoardItselfReadsIt) {
  const auto python = test::venv_python();
  if (!python) GTEST_SKIP() << "no .venv/bin/python in TLAUNCH_SOURCE_DIR";
  const TempDir dir;
  {
    TensorboardWriter writer(dir / "tensorboard", 0, no_problem);
    for (int step = 0; step < 300; ++step) writer.scalar("train_loss", step, 1.0 / (1 + step));
    writer.scalar("val_loss", std::int64_t{1} << 40, NAN);
  }
  {
    TensorboardWriter resumed(dir / "tensorboard", 199, no_problem);  // the same second and process: a name of its own
    for (int step = 200; step < 210; ++step) resumed.scalar("train_loss", step, 7);
  }
  const auto result = test::run_python(*python, dir / "check.py", R"(
import math, struct, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
ea = EventAccumulator(sys.argv[1], size_guidance={'scalars': 0})
ea.Reload()
loss = ea.Scalars('train_loss')
assert [s.step for s in loss] == list(range(210)), [s.step for s in loss]
f32 = lambda x: struct.unpack('f', struct.pack('f', x))[0]
assert all(s.value == (f32(1 / (1 + s.step)) if s.step < 200 else 7) for s in loss), loss
assert all(1.7e9 < s.wall_time < 1e11 for s in loss)
print('read')
)",
                                       dir / "tensorboard");
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.text, testing::EndsWith("read\n"));
}

TEST(Tensorboard, ARunThatStartsAgainFromNothingShowsEachStepOnce) {
  const auto python = test::venv_python();
  if (!python) GTEST_SKIP() << "no .venv/bin/python in TLAUNCH_SOURCE_DIR";
  const TempDir dir;
  for (int attempt = 1; attempt <= 2; ++attempt) {
    TensorboardWriter writer(dir / "tensorboard", 0, no_problem);
    for (int step = 1; step <= 3; ++step) writer.scalar("train_loss", step, attempt);
  }
  const auto result = test::run_python(*python, dir / "check.py", R"(
import sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
ea = EventAccumulator(sys.argv[1])
ea.Reload()
print([(s.step, s.value) for s in ea.Scalars('train_loss')])
)",
                                       dir / "tensorboard");
  EXPECT_THAT(result.text, testing::EndsWith("[(1, 2.0), (2, 2.0), (3, 2.0)]\n"));
}

TEST(Tensorboard, WhatCannotBeMadeIsToldOnceAndNothingIsThrown) {
  const TempDir dir;
  test::write(dir / "file", "x");
  for (const std::string path : {dir / "file", dir / "absent/tensorboard"}) {
    std::vector<std::string> told;
    TensorboardWriter writer(path, 0, [&](const std::string& problem) { told.push_back(problem); });
    writer.scalar("train_loss", 1, 0.5);
    writer.scalar("train_loss", 2, 0.5);
    ASSERT_EQ(told.size(), 1u);
    EXPECT_THAT(told[0], testing::HasSubstr(path));
  }
}

}  // namespace
}  // namespace tlaunch
