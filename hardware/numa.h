// NUMA nodes: which cores have which part of the memory near. Pure over a FileReader.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "hardware/file_reader.h"
#include "hardware/profile.h"

namespace tlaunch {

// The numbers below `limit` in a kernel list, "0-3,8,10-11", ascending. What is no number or range is skipped.
std::vector<int> numbers_of_list(const std::string& list, int limit);

// The other way round, for ascending numbers: "0-3,8,10-11".
std::string list_of_numbers(const std::vector<int>& numbers);

// Nodes with at least one of `allowed` (logical cores, ascending), by number. Empty where /sys does not tell.
std::vector<NumaNode> numa_nodes(const FileReader& read, const std::vector<int>& allowed);

// The node a PCI device is near to; `bus_id` as NVML writes it. Nothing where /sys does not tell, or says -1 as many
// virtual machines do.
std::optional<int> pci_numa_node(const FileReader& read, const std::string& bus_id);

}  // namespace tlaunch
