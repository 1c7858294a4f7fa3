#include "tuning/batch_limit.h"

#include <gtest/gtest.h>

namespace tlaunch {
namespace {

constexpr std::uint64_t gib = 1024ull * 1024 * 1024;

std::string row_of(const std::string& name, std::uint64_t memory_bytes) {
  GpuInfo gpu;
  gpu.name = name;
  gpu.memory_total_bytes = memory_bytes;
  gpu.tier = gpu_tier(name, memory_bytes, 8);
  return batch_table_row(gpu);
}

TEST(BatchLimit, MemoryMayLowerTheTiersRowButNotRaiseIt) {
  EXPECT_EQ(row_of("NVIDIA A100-SXM4-40GB", 40 * gib), "high_end");
  EXPECT_EQ(row_of("Tesla V100-SXM2-16GB", 16 * gib), "mid_range");
  EXPECT_EQ(row_of("NVIDIA GeForce RTX 3080", 10 * gib), "mid_range");
  EXPECT_EQ(row_of("NVIDIA GeForce RTX 3070", 8 * gib), "budget");
  EXPECT_EQ(row_of("NVIDIA GeForce RTX 3060", 12 * gib), "budget");
  EXPECT_EQ(row_of("NVIDIA GeForce RTX 3060", 8 * gib), "budget");
  EXPECT_EQ(row_of("NVIDIA GeForce RTX 2060", 6 * gib), "low_end");
  EXPECT_EQ(row_of("NVIDIA GeForce GTX 1080 Ti", 11 * gib), "low_end");
}

// The teams' suggested ranges at 384 and 512 px.
TEST(BatchLimit, LiesWithinTheTeamsRanges) {
  const struct {
    const char* row;
    std::int64_t low_384, high_384, low_512, high_512;
  } ranges[] = {
      {"high_end", 32, 64, 16, 32}, {"mid_range", 16, 32, 8, 16}, {"budget", 8, 16, 4, 8}, {"low_end", 4, 8, 2, 4}};
  for (const auto& range : ranges) {
    const auto at_384 = batch_limit(range.row, "image", 384).micro_batch,
               at_512 = batch_limit(range.row, "image", 512).micro_batch;
    EXPECT_TRUE(range.low_384 <= at_384 && at_384 <= range.high_384) << range.row;
    EXPECT_TRUE(range.low_512 <= at_512 && at_512 <= range.high_512) << range.row;
  }
}

TEST(BatchLimit, TheStl10JobOnAnRtx3060GetsItsOwnBatch) {
  EXPECT_EQ(batch_limit("budget", "image", 96).micro_batch, 128);
}

TEST(BatchLimit, EveryLimitIsAMultipleOf4AndFallsWithSizeAndTier) {
  for (const char* kind : {"image", "keys", "something_else"}) {
    std::int64_t above = INT64_MAX;
    for (const char* row : {"high_end", "mid_range", "budget", "low_end"}) {
      std::int64_t smaller_images = INT64_MAX;
      for (const std::int64_t px : {28, 96, 224, 384, 512}) {
        const auto limit = batch_limit(row, kind, px).micro_batch;
        EXPECT_EQ(limit % 4, 0) << row << " " << px;
        EXPECT_LE(limit, smaller_images) << row << " " << px;
        smaller_images = limit;
      }
      const auto limit = batch_limit(row, kind, 96).micro_batch;
      EXPECT_LT(limit, above) << row;
      above = limit;
    }
  }
}

}  // namespace
}  // namespace tlaunch
