#include "hardware/placement.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "base/units.h"
#include "hardware/numa.h"

namespace tlaunch {
namespace {

const NumaNode* node_with(const CpuInfo& cpu, int id) {
  const auto found =
      std::find_if(cpu.numa_nodes.begin(), cpu.numa_nodes.end(), [&](const NumaNode& node) { return node.id == id; });
  return found == cpu.numa_nodes.end() ? nullptr : &*found;
}

void pin(RankPlacement& rank, const std::vector<NumaNode>& nodes) {
  rank.numa_nodes.clear();
  for (const NumaNode& node : nodes) {
    rank.numa_nodes.push_back(node.id);
    rank.cores.insert(rank.cores.end(), node.cores.begin(), node.cores.end());
  }
  std::sort(rank.cores.begin(), rank.cores.end());
}

// The number of ranks on each node, chosen so that the rank with the fewest cores has as many as possible.
std::vector<std::size_t> ranks_by_node(const std::vector<NumaNode>& nodes, std::size_t ranks) {
  std::vector<std::size_t> counts(nodes.size(), 0);
  const auto share = [&](std::size_t i) {
    return static_cast<double>(nodes[i].cores.size()) / static_cast<double>(counts[i] + 1);
  };
  for (std::size_t rank = 0; rank < ranks; ++rank) {
    std::size_t best = 0;
    for (std::size_t i = 1; i < nodes.size(); ++i)
      if (share(i) > share(best)) best = i;
    ++counts[best];
  }
  return counts;
}

void share_nodes_out(const std::vector<NumaNode>& nodes, std::vector<RankPlacement>& ranks) {
  const std::size_t count = ranks.size();
  if (count < nodes.size()) {
    const auto first = [&](std::size_t rank) {
      return nodes.begin() + static_cast<std::ptrdiff_t>(rank * nodes.size() / count);
    };
    for (std::size_t rank = 0; rank < count; ++rank) pin(ranks[rank], {first(rank), first(rank + 1)});
    return;
  }
  const auto counts = ranks_by_node(nodes, count);
  std::size_t rank = 0;
  for (std::size_t i = 0; i < nodes.size(); ++i)
    for (std::size_t n = 0; n < counts[i]; ++n) pin(ranks[rank++], {nodes[i]});
}

std::string of_ranks(const std::vector<int>& ranks) {
  return (ranks.size() == 1 ? "rank " : "ranks ") + list_of_numbers(ranks);
}

void pin_to_cards_nodes(const CpuInfo& cpu, Placement& placement) {
  std::vector<int> unknown;
  std::map<int, std::vector<int>> without_cores;  // ranks by node
  for (std::size_t r = 0; r < placement.ranks.size(); ++r) {
    RankPlacement& rank = placement.ranks[r];
    // If there is only one node, every card is near it, even if the kernel does not say so.
    const bool known = !rank.numa_nodes.empty();
    const NumaNode* node = known                        ? node_with(cpu, rank.numa_nodes.front())
                           : cpu.numa_nodes.size() == 1 ? &cpu.numa_nodes.front()
                                                        : nullptr;
    if (node != nullptr)
      pin(rank, {*node});
    else if (known)
      without_cores[rank.numa_nodes.front()].push_back(static_cast<int>(r));
    else
      unknown.push_back(static_cast<int>(r));
  }
  if (!unknown.empty())
    placement.notes.push_back(
        format_text("{} not pinned: the kernel does not report which NUMA node the card is near", of_ranks(unknown)));
  for (const auto& [id, ranks] : without_cores)
    placement.notes.push_back(
        format_text("{} not pinned: the card is near NUMA node {}, and this process may not use any core of that node "
                    "(check taskset -p and the job's CPU set)",
                    of_ranks(ranks), id));
}

bool meet(const RankPlacement& a, const RankPlacement& b) {
  if (a.cores.empty() || b.cores.empty()) return true;  // one may run anywhere
  return std::find_first_of(a.cores.begin(), a.cores.end(), b.cores.begin(), b.cores.end()) != a.cores.end();
}

void share_cores(const CpuInfo& cpu, std::vector<RankPlacement>& ranks) {
  std::size_t node_cores = 0;
  for (const NumaNode& node : cpu.numa_nodes) node_cores += node.cores.size();
  const bool quota = node_cores > static_cast<std::size_t>(cpu.allowed_cores);
  const int equal = cpu.allowed_cores / static_cast<int>(ranks.size());
  for (RankPlacement& rank : ranks) {
    const auto sharers =
        std::count_if(ranks.begin(), ranks.end(), [&](const RankPlacement& other) { return meet(rank, other); });
    const int own = rank.cores.empty() ? equal : static_cast<int>(rank.cores.size()) / static_cast<int>(sharers);
    rank.core_share = std::max(1, quota ? std::min(own, equal) : own);
  }
}

}  // namespace

Placement place_ranks(const CpuInfo& cpu, const std::vector<GpuInfo>& cards, std::int64_t ranks, NumaBinding numa) {
  Placement placement;
  placement.ranks.resize(static_cast<std::size_t>(std::max<std::int64_t>(1, ranks)));
  for (std::size_t r = 0; r < placement.ranks.size() && !cards.empty(); ++r) {
    RankPlacement& rank = placement.ranks[r];
    const GpuInfo& card = cards[r % cards.size()];
    rank.gpu = r % cards.size();
    rank.gpu_name = card.name;
    rank.gpu_uuid = card.uuid;
    if (card.numa_node) rank.numa_nodes = {*card.numa_node};
  }
  if (numa == NumaBinding::node) {
    if (cpu.numa_nodes.empty())
      placement.notes.push_back("ranks not pinned: the kernel reports no NUMA nodes here");
    else if (cards.empty())
      share_nodes_out(cpu.numa_nodes, placement.ranks);
    else
      pin_to_cards_nodes(cpu, placement);
  }
  share_cores(cpu, placement.ranks);
  return placement;
}

bool is_pinned(const Placement& placement) {
  return std::any_of(placement.ranks.begin(), placement.ranks.end(),
                     [](const RankPlacement& rank) { return !rank.cores.empty(); });
}

int least_core_share(const Placement& placement) {
  const auto least = std::min_element(placement.ranks.begin(), placement.ranks.end(),
                                      [](const auto& a, const auto& b) { return a.core_share < b.core_share; });
  return least == placement.ranks.end() ? 1 : least->core_share;
}

std::vector<std::string> placement_lines(const Placement& placement) {
  std::vector<std::pair<const RankPlacement*, std::vector<int>>> sets;  // in the order of their first ranks
  for (std::size_t r = 0; r < placement.ranks.size(); ++r) {
    const RankPlacement& rank = placement.ranks[r];
    if (rank.cores.empty()) continue;
    const auto same =
        std::find_if(sets.begin(), sets.end(), [&](const auto& set) { return set.first->cores == rank.cores; });
    if (same == sets.end())
      sets.push_back({&rank, {static_cast<int>(r)}});
    else
      same->second.push_back(static_cast<int>(r));
  }
  std::vector<std::string> lines;
  for (const auto& [rank, ranks] : sets)
    lines.push_back(format_text("{} pinned to NUMA {} {}, cores {}: {} per rank", of_ranks(ranks),
                                rank->numa_nodes.size() == 1 ? "node" : "nodes", list_of_numbers(rank->numa_nodes),
                                list_of_numbers(rank->cores), format_number_of(rank->core_share, "core")));
  return lines;
}

Json to_json(const Placement& placement) {
  Json ranks = Json::array();
  for (std::size_t r = 0; r < placement.ranks.size(); ++r) {
    const RankPlacement& rank = placement.ranks[r];
    Json json = {{"rank", r}, {"core_share", rank.core_share}};
    if (rank.gpu) json["gpu"] = {{"name", rank.gpu_name}, {"uuid", rank.gpu_uuid}};
    if (!rank.numa_nodes.empty()) json["numa_nodes"] = rank.numa_nodes;
    if (!rank.cores.empty()) json["cores"] = list_of_numbers(rank.cores);
    ranks.push_back(std::move(json));
  }
  return ranks;
}

}  // namespace tlaunch
