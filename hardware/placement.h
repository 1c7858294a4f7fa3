// Which card and which cores each rank of this machine gets. Cores are logical ones. Pure.
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
  std::optional<std::size_t> gpu = {};  // its position among the cards; none: on the CPU
  std::string gpu_name = {}, gpu_uuid = {};
  std::vector<int> numa_nodes = {};  // the node its card is near to, or those it is pinned to; empty: not known
  std::vector<int> cores = {};       // that it is pinned to, ascending; empty: it may run on all that are allowed
  int core_share = 1;                // cores it may keep busy: those it may run on, shared with the other ranks there
};

struct Placement {
  std::vector<RankPlacement> ranks;  // by local rank
  std::vector<std::string> notes;    // why a rank that should be pinned is not
};

// Rank N takes card N (round and round where there are more ranks), or the CPU where `cards` is empty. Pinned by node
// it keeps to the allowed cores of its card's node; without cards the nodes are shared out in order, by their cores,
// and where there are more nodes than ranks each gets several. A rank whose node is not known, or has no core that is
// allowed, is not pinned. A quota of the control group is shared by all ranks.
Placement place_ranks(const CpuInfo& cpu, const std::vector<GpuInfo>& cards, std::int64_t ranks, NumaBinding numa);

bool is_pinned(const Placement& placement);  // any rank
int least_core_share(const Placement& placement);

// "ranks 0-3 keep to NUMA node 0, cores 0-15: 4 a rank": a line for each set of cores. Empty where no rank is pinned.
std::vector<std::string> placement_lines(const Placement& placement);

// [{rank, gpu: {name, uuid}, numa_nodes, cores (as taskset takes them), core_share}]; what is not known or does not
// apply is left out.
Json to_json(const Placement& placement);

}  // namespace tlaunch
