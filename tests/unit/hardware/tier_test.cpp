#include <gtest/gtest.h>

#include "hardware/profile.h"

namespace tlaunch {
namespace {

constexpr std::uint64_t gb = 1'000'000'000;

std::string by_name(const std::string& name) { return gpu_tier(name, 0, 0); }

TEST(Tier, TheTeamsOwnTable) {
  for (const char* name : {"NVIDIA GeForce RTX 4090", "NVIDIA GeForce RTX 4080", "NVIDIA GeForce RTX 3090",
                           "NVIDIA A100-SXM4-40GB", "Tesla V100-SXM2-32GB"}) {
    EXPECT_EQ(by_name(name), "high_end") << name;
  }
  for (const char* name : {"NVIDIA GeForce RTX 3080", "NVIDIA GeForce RTX 3070", "NVIDIA GeForce RTX 4070"}) {
    EXPECT_EQ(by_name(name), "mid_range") << name;
  }
  for (const char* name : {"NVIDIA GeForce RTX 3060", "NVIDIA GeForce RTX 2070", "GeForce RTX 2080"}) {
    EXPECT_EQ(by_name(name), "budget") << name;
  }
  for (const char* name : {"NVIDIA GeForce GTX 1660", "NVIDIA GeForce GTX 1080"}) {
    EXPECT_EQ(by_name(name), "low_end") << name;
  }
}

TEST(Tier, TodaysCards) {
  for (const char* name :
       {"NVIDIA H100 80GB HBM3", "NVIDIA H200", "NVIDIA B200", "NVIDIA RTX A6000", "NVIDIA L40S",
        "NVIDIA RTX 6000 Ada Generation", "Quadro RTX 8000", "NVIDIA GeForce RTX 5090", "NVIDIA GeForce RTX 4080 SUPER",
        "NVIDIA RTX PRO 6000 Blackwell Max-Q Workstation Edition"}) {
    EXPECT_EQ(by_name(name), "high_end") << name;
  }
  for (const char* name : {"NVIDIA GeForce RTX 5070", "NVIDIA GeForce RTX 2080 Ti", "NVIDIA L4", "NVIDIA A10G"}) {
    EXPECT_EQ(by_name(name), "mid_range") << name;
  }
  for (const char* name : {"Tesla T4", "NVIDIA GeForce RTX 4060 Ti", "NVIDIA GeForce RTX 5060", "Quadro RTX 4000"}) {
    EXPECT_EQ(by_name(name), "budget") << name;
  }
  for (const char* name : {"NVIDIA GeForce GTX 1080 Ti", "Tesla P100-PCIE-16GB", "NVIDIA GeForce GTX 1660 SUPER"}) {
    EXPECT_EQ(by_name(name), "low_end") << name;
  }
}

TEST(Tier, NamesThatContainOneAnotherAreToldApart) {
  EXPECT_EQ(by_name("NVIDIA A10"), "mid_range");
  EXPECT_EQ(by_name("NVIDIA A100 80GB PCIe"), "high_end");
  EXPECT_EQ(by_name("NVIDIA A40"), "high_end");
  EXPECT_EQ(by_name("NVIDIA RTX A4000"), "mid_range");
  EXPECT_EQ(by_name("Quadro RTX 5000"), "budget");
  EXPECT_EQ(by_name("NVIDIA RTX 5000 Ada Generation"), "high_end");
  EXPECT_EQ(by_name("NVIDIA GeForce RTX 2080"), "budget");
  EXPECT_EQ(by_name("NVIDIA GeForce RTX 2080 Ti"), "mid_range");
  EXPECT_EQ(by_name("NVIDIA GeForce RTX 3080 Ti"), "mid_range");  // 12 GB
}

TEST(Tier, SpellingDoesNotMatter) {
  for (const char* name : {"rtx_3060", "RTX3060", "GeForce RTX 3060", "3060"}) {
    EXPECT_EQ(by_name(name), "budget") << name;
  }
  EXPECT_EQ(by_name("RTX2080Ti"), "mid_range");
}

TEST(Tier, ALaptopCardIsOneTierBelowItsName) {
  EXPECT_EQ(by_name("NVIDIA GeForce RTX 4090 Laptop GPU"), "mid_range");
  EXPECT_EQ(by_name("NVIDIA GeForce RTX 2080 with Max-Q Design"), "low_end");
  EXPECT_EQ(by_name("NVIDIA GeForce GTX 1080 Laptop GPU"), "low_end");
}

TEST(Tier, AnUnknownCardIsPlacedByMemoryAndCapability) {
  EXPECT_EQ(gpu_tier("NVIDIA Z9000", 96 * gb, 13), "high_end");
  EXPECT_EQ(gpu_tier("NVIDIA Z900", 12 * gb, 13), "mid_range");
  EXPECT_EQ(gpu_tier("NVIDIA Z90", 6 * gb, 9), "budget");
  EXPECT_EQ(gpu_tier("NVIDIA Z9", 4 * gb, 9), "low_end");
  EXPECT_EQ(gpu_tier("NVIDIA Old", 24 * gb, 6), "low_end");
  EXPECT_EQ(gpu_tier("", 0, 0), "low_end");
}

TEST(Tier, MarginsOfTheTeams) {
  EXPECT_DOUBLE_EQ(tier_margin("high_end"), 0.20);
  EXPECT_DOUBLE_EQ(tier_margin("mid_range"), 0.20);
  EXPECT_DOUBLE_EQ(tier_margin("budget"), 0.15);
  EXPECT_DOUBLE_EQ(tier_margin("low_end"), 0.10);
}

}  // namespace
}  // namespace tlaunch
