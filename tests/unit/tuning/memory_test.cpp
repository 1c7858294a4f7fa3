// The memory line and the budget it is held against.
#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>

#include "hardware/gpu/known_card.h"
#include "tuning/memory_budget.h"
#include "tuning/search/memory_line.h"

namespace tlaunch {
namespace {

constexpr std::uint64_t gb = 1'000'000'000;

TEST(MemoryLine, GoesThroughTwoPoints) {
  const auto line = fit_memory({{4, 1000}, {32, 3800}});
  ASSERT_TRUE(line);
  EXPECT_NEAR(line->bytes_per_sample, 100, 1e-9);
  EXPECT_NEAR(line->fixed_bytes, 600, 1e-9);
  EXPECT_EQ(line->peak_bytes(256), 26'200u);
}

TEST(MemoryLine, OfMorePointsIsTheLeastSquares) {
  const auto line = fit_memory({{1, 10}, {2, 20}, {3, 24}});  // slope 7, through the mean (2, 18)
  EXPECT_NEAR(line->bytes_per_sample, 7, 1e-9);
  EXPECT_NEAR(line->fixed_bytes, 4, 1e-9);
}

TEST(MemoryLine, NeedsTwoDifferentBatches) {
  EXPECT_FALSE(fit_memory({}));
  EXPECT_FALSE(fit_memory({{4, 1000}}));
  EXPECT_FALSE(fit_memory({{4, 1000}, {4, 1100}}));
}

TEST(MemoryLine, NoiseDoesNotMakeLargerBatchesCheaper) {
  const auto line = fit_memory({{4, 1010}, {32, 1000}});
  ASSERT_TRUE(line);
  EXPECT_EQ(line->peak_bytes(1024), 1010u);
}

HardwareProfile cards(std::vector<GpuInfo> gpus) {
  HardwareProfile hardware;
  hardware.gpus = std::move(gpus);
  return hardware;
}

TEST(MemoryBudget, KeepsTheTiersMarginFree) {  // 20, 20, 15, 10 %
  const JobShape one{"image", true, 1};
  const std::pair<const char*, double> expected[] = {
      {"rtx_4090", 0.80},      {"rtx_3090", 0.80},     {"rtx_3080", 0.80}, {"rtx_4070", 0.80},
      {"rtx_3060:12GB", 0.85}, {"rtx_3060:8GB", 0.85}, {"gtx_1080", 0.90}, {"gtx_1660", 0.90}};
  for (const auto& [name, share] : expected) {
    const GpuInfo card = known_card(name);
    EXPECT_NEAR(static_cast<double>(memory_budget_bytes(cards({card}), one, {})),
                share * static_cast<double>(card.memory_total_bytes), 1)
        << name;
  }
}

TEST(MemoryBudget, TheMarginIsOfTheWholeCardAndComesOffWhatIsFree) {
  GpuInfo card = known_card("rtx_3060:12GB");
  card.memory_free_bytes = 7 * gb;
  EXPECT_EQ(memory_budget_bytes(cards({card}), {"image", true, 1}, {}), 5'200'000'000u);  // 7 - 0.15 x 12
  card.memory_free_bytes = gb;
  EXPECT_EQ(memory_budget_bytes(cards({card}), {"image", true, 1}, {}), 0u);
}

TEST(MemoryBudget, TheCardWithTheLeastRoomDecidesAmongThoseInUse) {
  GpuInfo full = known_card("rtx_4090"), busy = full;
  busy.memory_free_bytes = 10 * gb;
  const auto both = cards({full, busy});
  EXPECT_EQ(memory_budget_bytes(both, {"image", true, 2}, {}), 5'200'000'000u);
  EXPECT_EQ(memory_budget_bytes(both, {"image", true, 1}, {}), 19'200'000'000u);
}

TEST(MemoryBudget, RanksOnTheCpuShareWhatIsAvailable) {
  HardwareProfile hardware;
  hardware.memory_limit_bytes = 10 * gb;
  hardware.memory_available_bytes = 8 * gb;
  EXPECT_EQ(memory_budget_bytes(hardware, {"image", false, 2}, {}), 3'500'000'000u);  // (8 - 1) / 2
  hardware.memory_available_bytes = 64 * gb;                                          // a container sees the host's
  EXPECT_EQ(memory_budget_bytes(hardware, {"image", false, 1}, {}), 9 * gb);
  EXPECT_EQ(memory_budget_bytes(hardware, {"image", false, 1}, 0.5), 5 * gb);
}

RC_GTEST_PROP(MemoryBudgetProperty, NeverAboveNinetyPercentNorAboveWhatIsFree, ()) {
  const auto total = *rc::gen::inRange<std::uint64_t>(1, 200 * gb);
  const auto free_bytes = *rc::gen::inRange<std::uint64_t>(0, total + 1);
  const bool gpu = *rc::gen::arbitrary<bool>();
  const std::int64_t ranks = *rc::gen::inRange<std::int64_t>(1, 9);
  HardwareProfile hardware;
  hardware.memory_limit_bytes = total;
  hardware.memory_available_bytes = free_bytes;
  if (gpu) {
    GpuInfo card;
    card.tier = *rc::gen::element<std::string>("high_end", "mid_range", "budget", "low_end");
    card.memory_total_bytes = total;
    card.memory_free_bytes = free_bytes;
    hardware.gpus.assign(static_cast<std::size_t>(ranks), card);
  }
  std::optional<double> margin;
  if (*rc::gen::arbitrary<bool>()) margin = *rc::gen::inRange(0, 100) / 100.0;
  const double budget = static_cast<double>(memory_budget_bytes(hardware, {"image", gpu, ranks}, margin)) *
                        (gpu ? 1.0 : static_cast<double>(ranks));
  RC_ASSERT(budget <= 0.90 * static_cast<double>(total) + 1);
  RC_ASSERT(budget <= static_cast<double>(free_bytes) - margin.value_or(0.10) * static_cast<double>(total) + 1 ||
            budget == 0);
}

}  // namespace
}  // namespace tlaunch
