// Ranks on simulated machines.
#include "hardware/placement.h"

#include <gmock/gmock.h>

#include <numeric>

#include "hardware/numa.h"

namespace tlaunch {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<int> range(int first, int count) {
  std::vector<int> numbers(static_cast<std::size_t>(count));
  std::iota(numbers.begin(), numbers.end(), first);
  return numbers;
}

CpuInfo cpu_with(std::vector<NumaNode> nodes, std::optional<int> allowed_cores = {}) {
  CpuInfo cpu;
  int cores = 0;
  for (const NumaNode& node : nodes) cores += static_cast<int>(node.cores.size());
  cpu.numa_nodes = std::move(nodes);
  cpu.allowed_cores = allowed_cores.value_or(cores);
  return cpu;
}

// Two nodes of 16 cores.
CpuInfo two_nodes(std::optional<int> allowed_cores = {}) {
  return cpu_with({{0, range(0, 16)}, {1, range(16, 16)}}, allowed_cores);
}

std::vector<GpuInfo> cards_on(const std::vector<std::optional<int>>& nodes) {
  std::vector<GpuInfo> cards;
  for (const auto& node : nodes) {
    GpuInfo& card = cards.emplace_back();
    card.name = "NVIDIA A100";
    card.uuid = "GPU-" + std::to_string(cards.size() - 1);
    card.numa_node = node;
  }
  return cards;
}

std::vector<std::string> cores_of(const Placement& placement) {
  std::vector<std::string> lists;
  for (const RankPlacement& rank : placement.ranks) lists.push_back(list_of_numbers(rank.cores));
  return lists;
}

std::vector<int> shares_of(const Placement& placement) {
  std::vector<int> shares;
  for (const RankPlacement& rank : placement.ranks) shares.push_back(rank.core_share);
  return shares;
}

TEST(Placement, EachRankKeepsToTheNodeOfItsCard) {
  const auto placement = place_ranks(two_nodes(), cards_on({0, 0, 0, 0, 1, 1, 1, 1}), 8, NumaBinding::node);
  EXPECT_THAT(cores_of(placement), ElementsAre("0-15", "0-15", "0-15", "0-15", "16-31", "16-31", "16-31", "16-31"));
  EXPECT_THAT(shares_of(placement), Each(4));
  EXPECT_THAT(placement.notes, IsEmpty());
  EXPECT_EQ(placement.ranks[5].gpu_uuid, "GPU-5");
  EXPECT_THAT(placement.ranks[5].numa_nodes, ElementsAre(1));
  EXPECT_THAT(placement_lines(placement),
              ElementsAre("ranks 0-3 pinned to NUMA node 0, cores 0-15: 4 cores per rank",
                          "ranks 4-7 pinned to NUMA node 1, cores 16-31: 4 cores per rank"));
}

TEST(Placement, WithoutPinningOnlyTheCardAndItsNodeAreTold) {
  const auto placement = place_ranks(two_nodes(), cards_on({1, 0}), 2, NumaBinding::none);
  EXPECT_FALSE(is_pinned(placement));
  EXPECT_THAT(shares_of(placement), ElementsAre(16, 16));
  EXPECT_THAT(placement_lines(placement), IsEmpty());
  EXPECT_EQ(to_json(placement), Json::parse(R"([
      {"rank": 0, "core_share": 16, "gpu": {"name": "NVIDIA A100", "uuid": "GPU-0"}, "numa_nodes": [1]},
      {"rank": 1, "core_share": 16, "gpu": {"name": "NVIDIA A100", "uuid": "GPU-1"}, "numa_nodes": [0]}])"));
}

TEST(Placement, UnevenCardsGiveUnevenShares) {
  const auto placement = place_ranks(two_nodes(), cards_on({0, 0, 0, 1}), 4, NumaBinding::node);
  EXPECT_THAT(shares_of(placement), ElementsAre(5, 5, 5, 16));
  EXPECT_EQ(least_core_share(placement), 5);
}

TEST(Placement, ANodeWithoutAllowedCoresPinsNobody) {
  const auto cpu = cpu_with({{0, range(0, 8)}});  // a machine with two nodes, under taskset 0-7
  const auto placement = place_ranks(cpu, cards_on({0, 1}), 2, NumaBinding::node);
  EXPECT_THAT(cores_of(placement), ElementsAre("0-7", ""));
  EXPECT_THAT(shares_of(placement), ElementsAre(4, 4)) << "the one that is not pinned runs on the same cores";
  EXPECT_THAT(placement.notes, ElementsAre(AllOf(HasSubstr("rank 1 not pinned"), HasSubstr("NUMA node 1"))));
}

TEST(Placement, ACardWhoseNodeIsNotToldPinsNobodyWhereThereAreSeveral) {
  const auto placement = place_ranks(two_nodes(), cards_on({std::nullopt, std::nullopt, 1}), 3, NumaBinding::node);
  EXPECT_THAT(cores_of(placement), ElementsAre("", "", "16-31"));
  EXPECT_THAT(placement.notes, ElementsAre(HasSubstr("ranks 0-1 not pinned: the kernel does not report")));
  const auto one_node = place_ranks(cpu_with({{0, range(0, 8)}}), cards_on({std::nullopt}), 1, NumaBinding::node);
  EXPECT_THAT(cores_of(one_node), ElementsAre("0-7"));
  EXPECT_THAT(one_node.notes, IsEmpty());
}

TEST(Placement, AQuotaIsSharedByAllRanks) {
  const auto placement = place_ranks(two_nodes(6), cards_on({0, 1}), 2, NumaBinding::node);
  EXPECT_THAT(cores_of(placement), ElementsAre("0-15", "16-31"));
  EXPECT_THAT(shares_of(placement), ElementsAre(3, 3));
}

TEST(Placement, MoreRanksThanCoresGetOneEach) {
  const auto placement = place_ranks(cpu_with({{0, {0}}, {1, {1}}}), {}, 5, NumaBinding::node);
  EXPECT_THAT(cores_of(placement), ElementsAre("0", "0", "0", "1", "1"));
  EXPECT_THAT(shares_of(placement), Each(1));
}

TEST(Placement, MoreRanksThanCardsTakeThemInTurn) {
  const auto placement = place_ranks(two_nodes(), cards_on({0, 1}), 4, NumaBinding::node);
  EXPECT_THAT(cores_of(placement), ElementsAre("0-15", "16-31", "0-15", "16-31"));
  EXPECT_THAT(shares_of(placement), Each(8));
}

TEST(Placement, WithoutCardsTheNodesAreSharedOutInOrder) {
  EXPECT_THAT(cores_of(place_ranks(two_nodes(), {}, 4, NumaBinding::node)),
              ElementsAre("0-15", "0-15", "16-31", "16-31"));
  const auto odd = place_ranks(two_nodes(), {}, 3, NumaBinding::node);
  EXPECT_THAT(cores_of(odd), ElementsAre("0-15", "0-15", "16-31"));
  EXPECT_THAT(shares_of(odd), ElementsAre(8, 8, 16));
  // Nodes are divided by their allowed cores, here with an affinity that leaves out some.
  EXPECT_THAT(cores_of(place_ranks(cpu_with({{0, range(0, 8)}, {1, {8, 9}}}), {}, 2, NumaBinding::node)),
              ElementsAre("0-7", "0-7"));
}

TEST(Placement, FewerRanksThanNodesLeaveNoNodeIdle) {
  const auto cpu = cpu_with({{0, range(0, 4)}, {1, range(4, 4)}, {2, range(8, 4)}, {3, range(12, 4)}});
  EXPECT_THAT(cores_of(place_ranks(cpu, {}, 2, NumaBinding::node)), ElementsAre("0-7", "8-15"));
  const auto one = place_ranks(cpu, {}, 1, NumaBinding::node);
  EXPECT_THAT(cores_of(one), ElementsAre("0-15"));
  EXPECT_THAT(placement_lines(one), ElementsAre("rank 0 pinned to NUMA nodes 0-3, cores 0-15: 16 cores per rank"));
}

TEST(Placement, AMachineThatTellsNoNodesPinsNobody) {
  CpuInfo cpu;
  cpu.allowed_cores = 8;
  const auto placement = place_ranks(cpu, {}, 2, NumaBinding::node);
  EXPECT_FALSE(is_pinned(placement));
  EXPECT_THAT(shares_of(placement), ElementsAre(4, 4));
  EXPECT_THAT(placement.notes, ElementsAre(HasSubstr("no NUMA nodes")));
}

}  // namespace
}  // namespace tlaunch
