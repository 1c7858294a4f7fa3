#include "hardware/gpu/gpu_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

#include "hardware/profile.h"

namespace tlaunch {
namespace {

TEST(GpuTable, TheOneBuiltInIsWhole) {
  EXPECT_EQ(gpu_table().tiers.size(), 4u);
  EXPECT_GT(gpu_table().cards.size(), 100u);
  for (const GpuCard& card : gpu_table().cards) {
    EXPECT_FALSE(card.name.empty()) << card.id;
    for (const double size : card.memory_gb) EXPECT_GT(size, 0) << card.id;
    EXPECT_GE(card.capability_major, 3) << card.id;
  }
}

TEST(GpuTable, EveryCardIsFoundByItsOwnNameAndId) {
  for (const GpuCard& card : gpu_table().cards) {
    for (const std::string& text : {card.name, card.id}) {
      const CardMatch found = find_card(card_words(text));
      ASSERT_TRUE(found.card) << text;
      EXPECT_EQ(found.card->id, card.id) << text;
    }
    EXPECT_EQ(gpu_tier(card.name, 0, 0), card.tier) << card.id;
  }
}

TEST(GpuTable, ACardIsNeverOfAHigherTierThanItsStrongerSister) {
  const auto rank = [](const std::string& id) {
    const auto& cards = gpu_table().cards;
    const auto card = std::find_if(cards.begin(), cards.end(), [&](const GpuCard& c) { return c.id == id; });
    EXPECT_NE(card, cards.end()) << id;
    const auto& tiers = gpu_table().tiers;
    return std::find_if(tiers.begin(), tiers.end(), [&](const GpuTier& t) { return t.name == card->tier; }) -
           tiers.begin();
  };
  for (const char* series : {"rtx_50", "rtx_40", "rtx_30", "rtx_20"}) {
    for (const char* pair : {"60", "70", "80"}) {
      if (std::string(series) == "rtx_20" && std::string(pair) == "80") continue;
      const std::string weaker = std::string(series) + pair;
      const std::string stronger = std::string(series) + static_cast<char>(pair[0] + 1) + "0";
      EXPECT_GE(rank(weaker), rank(stronger)) << weaker;
    }
  }
}

TEST(GpuTable, ABrokenTableIsRefused) {
  const std::string tiers = "tiers: {good: {margin: 0.1}}\ncards:\n";
  const std::string good = "  rtx_1: {name: A, memory_gb: [8], capability: 8.6, tier: good}";
  EXPECT_EQ(parse_gpu_table(tiers + good).cards.size(), 1u);
  for (const char* card : {
           "  rtx_1: {name: A, memory_gb: [8], capability: 8.6, tier: bad}",
           "  rtx_1: {name: A, memory_gb: [], capability: 8.6, tier: good}",
           "  rtx_1: {name: A, memory_gb: [8], capability: 86, tier: good}",
           "  rtx_1: {name: A, memory_gb: [much], capability: 8.6, tier: good}",
           "  rtx_1: {memory_gb: [8], capability: 8.6, tier: good}",
           "  rtx_1: {name: A, memory_gb: [8], capability: 8.6, tier: good}\n"
           "  x: {name: B, match: [\"1\"], memory_gb: [8], capability: 8.6, tier: good}",
           "  rtx_1: {name: A",
       }) {
    EXPECT_THROW(parse_gpu_table(tiers + card), std::logic_error) << card;
  }
}

}  // namespace
}  // namespace tlaunch
