#include "checkpoint/safetensors/safetensors.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <cstring>
#include <stdexcept>

#include "base/error.h"
#include "tests/unit/checkpoint/fixture.h"

namespace tlaunch {
namespace {

using test::SmallCheckpoint;
using test::TempDir;

TEST(Safetensors, FileIsThisByteForByte) {
  const TempDir dir;
  const std::vector<float> weight{1, -2};
  const std::vector<std::uint8_t> random{7, 8, 9};
  write_safetensors(dir / "a.safetensors",
                    {{"tlaunch.rng", "U8", {3}, std::as_bytes(std::span(random))},
                     {"w \"1\"", "F32", {2, 1}, std::as_bytes(std::span(weight))}},
                    {{"tlaunch.step", "5"}, {"note", "a\nb"}});
  const std::string header =
      R"({"__metadata__":{"crc32c":"{\"w \\\"1\\\"\":\"aa36f2c9\",\"tlaunch.rng\":\"f132df67\"}","crc32c.header":"ecda1af3",)"
      R"("note":"a\nb","tlaunch.step":"5"},"w \"1\"":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},)"
      R"("tlaunch.rng":{"dtype":"U8","shape":[3],"data_offsets":[8,11]}})";
  const std::string data("\x00\x00\x80\x3f\x00\x00\x00\xc0\x07\x08\x09", 11);
  EXPECT_EQ(test::content(dir / "a.safetensors"),
            test::file_of(header + std::string((8 - header.size() % 8) % 8, ' '), data));
}

TEST(Safetensors, ReadsBackWhatWasWritten) {
  const TempDir dir;
  const SmallCheckpoint small;
  write_safetensors(dir / "a.safetensors", small.views(), small.metadata);
  const SafetensorsFile file(dir / "a.safetensors");
  file.verify();
  EXPECT_EQ(file.metadata(), small.metadata);
  EXPECT_EQ(file.tensors().size(), small.views().size());
  EXPECT_EQ(file.bytes(), std::filesystem::file_size(dir / "a.safetensors"));
  EXPECT_EQ(file.find("absent"), nullptr);
  for (const TensorView& written : small.views()) {
    const TensorView* read = file.find(written.name);
    ASSERT_NE(read, nullptr) << written.name;
    EXPECT_EQ(read->dtype, written.dtype);
    EXPECT_EQ(read->shape, written.shape);
    EXPECT_THAT(read->data, testing::ElementsAreArray(written.data.begin(), written.data.end())) << written.name;
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(read->data.data()) % dtype_bytes(read->dtype), 0u) << written.name;
    std::vector<std::byte> copy(read->data.size());
    file.read(*read, copy);
    EXPECT_THAT(copy, testing::ElementsAreArray(written.data.begin(), written.data.end())) << written.name;
  }
}

TEST(Safetensors, SizeIsKnownBeforeWriting) {
  const TempDir dir;
  const SmallCheckpoint small;
  write_safetensors(dir / "a.safetensors", small.views(), small.metadata);
  write_safetensors(dir / "none.safetensors", {}, {});
  EXPECT_EQ(safetensors_size(small.views(), small.metadata), std::filesystem::file_size(dir / "a.safetensors"));
  EXPECT_EQ(safetensors_size({}, {}), std::filesystem::file_size(dir / "none.safetensors"));
  SafetensorsFile(dir / "none.safetensors").verify();
}

TEST(Safetensors, EqualStateIsEqualBytesWhateverTheOrder) {
  const TempDir dir;
  const SmallCheckpoint small;
  auto views = small.views();
  write_safetensors(dir / "a.safetensors", views, small.metadata);
  std::reverse(views.begin(), views.end());
  write_safetensors(dir / "b.safetensors", views, small.metadata);
  EXPECT_EQ(test::content(dir / "a.safetensors"), test::content(dir / "b.safetensors"));
}

TEST(Safetensors, OverwritingLeavesNothingElseBehind) {
  const TempDir dir;
  SmallCheckpoint small;
  write_safetensors(dir / "a.safetensors", small.views(), small.metadata);
  small.weight[0] = 42;
  write_safetensors(dir / "a.safetensors", small.views(), small.metadata);
  EXPECT_THAT(test::names(dir), testing::ElementsAre("a.safetensors"));
  const SafetensorsFile file(dir / "a.safetensors");
  float first = 0;
  std::memcpy(&first, file.find("fc.weight")->data.data(), sizeof first);
  EXPECT_EQ(first, 42);
}

TEST(Safetensors, AnOpenFileOutlivesItsReplacementAndRemoval) {
  const TempDir dir;
  SmallCheckpoint small;
  write_safetensors(dir / "a.safetensors", small.views(), small.metadata);
  const SafetensorsFile file(dir / "a.safetensors");
  small.weight[0] = 42;
  write_safetensors(dir / "a.safetensors", small.views(), small.metadata);
  std::filesystem::remove(dir / "a.safetensors");
  file.verify();
  float first = 0;
  std::memcpy(&first, file.find("fc.weight")->data.data(), sizeof first);
  EXPECT_EQ(first, 1);
}

TEST(Safetensors, WriterRefusesWhatItsCallerGotWrong) {
  const TempDir dir;
  const std::vector<float> values{1, 2};
  const auto data = std::as_bytes(std::span(values));
  const auto write = [&](std::vector<TensorView> tensors, Metadata metadata = {}) {
    write_safetensors(dir / "a.safetensors", tensors, metadata);
  };
  EXPECT_THROW(write({{"w", "F32", {3}, data}}), std::invalid_argument);
  EXPECT_THROW(write({{"w", "F32", {-2}, data}}), std::invalid_argument);
  EXPECT_THROW(write({{"w", "F99", {2}, data}}), std::invalid_argument);
  EXPECT_THROW(write({{"w", "F32", {2}, data}, {"w", "F32", {2}, data}}), std::invalid_argument);
  EXPECT_THROW(write({{"__metadata__", "F32", {2}, data}}), std::invalid_argument);
  EXPECT_THROW(write({{"w", "F32", {2}, data}}, {{"crc32c", "{}"}}), std::invalid_argument);
  EXPECT_TRUE(test::names(dir).empty());
}

TEST(Safetensors, WhatIsNoFileIsAUsageError) {
  const TempDir dir;
  ASSERT_EQ(::mkfifo((dir / "pipe").c_str(), 0600), 0);
  for (const std::string path : {dir / "absent", dir.path(), dir / "pipe"}) try {
      const SafetensorsFile file(path);
      ADD_FAILURE() << path << " was opened";
    } catch (const UsageError& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr(path));
    }
}

}  // namespace
}  // namespace tlaunch
