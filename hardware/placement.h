// Assigns a card and cores to each rank of this machine. Cores are logical ones. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "config/run_config.h"
#include "hardware/profile.h"

namespace tlaunch {

struct RankPlacement {
  std::optional<std::size_t> gpu = {};  // index of its card; none: on the CPU
  std::string gpu_name = {}, gpu_uuid = {};
  std::vector<int> numa_nodes = {};  // the node its card is near, or those it is pinned to; empty: unknown
  std::vector<int> cores = {};       // the cores it is pinned to, ascending; empty: it may use all allowed cores
  int core_share = 1;                // cores it may keep busy: those it may use, divided by the ranks that share them
};

struct Placement {
  std::vector<RankPlacement> ranks;  // by local rank
  std::vector<std::string> notes;    // why a rank that should be pinned is not
};

// Rank N takes card N modulo the number of cards, or the CPU if `cards` is empty. With NumaBinding::node a rank is
// pinned to the allowed cores of its card's node; without cards the nodes are divided among the ranks in order, by
// their cores, and if there are more nodes than ranks each rank gets several. A rank is not pinned if its node is
// unknown or has no allowed core. All ranks share a quota of the control group.
Placement place_ranks(const CpuInfo& cpu, const std::vector<GpuInfo>& cards, std::int64_t ranks, NumaBinding numa);

bool is_pinned(const Placement& placement);  // any rank
int least_core_share(const Placement& placement);

// One line per set of cores: "ranks 0-3 pinned to NUMA node 0, cores 0-15: 4 cores per rank". Empty if no rank is
// pinned.
std::vector<std::string> placement_lines(const Placement& placement);

// [{rank, gpu: {name, uuid}, numa_nodes, cores (as taskset takes them), core_share}]; fields that are unknown or do not
// apply are left out.
Json to_json(const Placement& placement);

}  // namespace tlaunch
