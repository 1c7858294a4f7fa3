#include "hardware/gpu/known_card.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "hardware/gpu/gpu_table.h"

namespace tlaunch {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::uint64_t gb = 1'000'000'000;

std::string refusal(const std::string& text) {
  try {
    known_card(text);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

TEST(KnownCard, IsWhatTheTableSays) {
  const GpuInfo card = known_card("rtx_3060:8GB");
  EXPECT_EQ(card.name, "NVIDIA GeForce RTX 3060");
  EXPECT_EQ(card.tier, "budget");
  EXPECT_EQ(card.memory_total_bytes, 8 * gb);
  EXPECT_EQ(card.memory_free_bytes, 8 * gb);
  EXPECT_EQ(card.capability_major, 8);
  EXPECT_EQ(card.capability_minor, 6);
  EXPECT_EQ(card.uuid, "");
}

TEST(KnownCard, ItsUsualMemoryIsMeantWhereNoneIsNamed) {
  EXPECT_EQ(known_card("rtx_3060").memory_total_bytes, 12 * gb);
  EXPECT_EQ(known_card("gtx_1080").memory_total_bytes, 8 * gb);
  EXPECT_EQ(known_card("rtx_4090").memory_total_bytes, 24 * gb);
}

TEST(KnownCard, SpellingDoesNotMatter) {
  for (const char* text : {"rtx_3060:8", "RTX 3060: 8 GB", "rtx3060:8g", "3060:8GiB", "RTX 3060 8GB",
                           "NVIDIA GeForce RTX 3060 8 GB", "rtx-3060:8gb", "RTX_3060_8GB"}) {
    EXPECT_EQ(known_card(text).name, "NVIDIA GeForce RTX 3060") << text;
    EXPECT_EQ(known_card(text).memory_total_bytes, 8 * gb) << text;
  }
}

TEST(KnownCard, TakesTheNameThatTheDriverGives) {
  EXPECT_EQ(known_card("NVIDIA A100-SXM4-80GB").memory_total_bytes, 80 * gb);
  EXPECT_EQ(known_card("Tesla V100-SXM2-32GB").memory_total_bytes, 32 * gb);
  EXPECT_EQ(known_card("NVIDIA H100 80GB HBM3").tier, "high_end");
  EXPECT_EQ(known_card("NVIDIA GeForce RTX 4090 Laptop GPU").memory_total_bytes, 16 * gb);
}

TEST(KnownCard, EveryVersionOfEveryCardIsKnown) {
  for (const GpuCard& card : gpu_table().cards) {
    for (const double size : card.memory_gb) {
      const GpuInfo found = known_card(card.id + ":" + std::to_string(static_cast<int>(size)) + "GB");
      EXPECT_EQ(found.name, card.name) << card.id;
      EXPECT_EQ(found.tier, card.tier) << card.id;
      EXPECT_EQ(found.memory_total_bytes, static_cast<std::uint64_t>(size) * gb) << card.id;
    }
  }
}

TEST(KnownCard, AnUnknownOneIsRefusedWithNamesNearIt) {
  EXPECT_THAT(refusal("rtx_3061"), AllOf(HasSubstr("unknown GPU 'rtx_3061'"), HasSubstr("did you mean rtx_3060")));
  EXPECT_THAT(refusal("gtx_3060"), HasSubstr("rtx_3060"));
  EXPECT_THAT(refusal("rtx_3060_xt:12GB"), HasSubstr("rtx_3060"));
  EXPECT_THAT(refusal("GeForce RTX 30600"), HasSubstr("rtx_3060"));
  EXPECT_THAT(refusal("quantum"),
              AllOf(HasSubstr("unknown GPU"), Not(HasSubstr("did you mean")), HasSubstr("configs/gpus.yaml")));
  EXPECT_THAT(refusal(""), HasSubstr("unknown GPU"));
  EXPECT_THAT(refusal("NVIDIA"), HasSubstr("unknown GPU"));
}

TEST(KnownCard, AMemoryItWasNotMadeWithIsRefusedWithThoseItWas) {
  EXPECT_THAT(refusal("rtx_3060:10GB"), AllOf(HasSubstr("10 GB"), HasSubstr("rtx_3060:12GB or rtx_3060:8GB")));
  EXPECT_THAT(refusal("gtx_1080:16GB"), HasSubstr("gtx_1080:8GB"));
  EXPECT_THAT(refusal("NVIDIA A100-SXM4-60GB"), HasSubstr("a100:40GB or a100:80GB"));
  for (const char* memory : {"", "lots", "-8", "0", "nan", "8TB", "1e999", "8GB:8GB"}) {
    EXPECT_NE(refusal(std::string("rtx_3060:") + memory), "") << memory;
  }
}

}  // namespace
}  // namespace tlaunch
