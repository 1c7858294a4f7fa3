// NUMA nodes: which cores are near which part of the memory. Pure over a FileReader.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "hardware/file_reader.h"
#include "hardware/profile.h"

namespace tlaunch {

// The numbers below `limit` in a kernel list, "0-3,8,10-11", ascending. Skips items that are not a number or range.
std::vector<int> numbers_of_list(const std::string& list, int limit);

// The other way round, for ascending numbers: "0-3,8,10-11".
std::string list_of_numbers(const std::vector<int>& numbers);

// Nodes with at least one of `allowed` (logical cores, ascending), by number. Empty if /sys does not list them.
std::vector<NumaNode> numa_nodes(const FileReader& read, const std::vector<int>& allowed);

// The node that a PCI device is near; `bus_id` as NVML writes it. Nothing if /sys lacks it, or says -1 as many virtual
// machines do.
std::optional<int> pci_numa_node(const FileReader& read, const std::string& bus_id);

}  // namespace tlaunch
