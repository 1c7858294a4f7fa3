#include "hardware/numa.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <iterator>
#include <set>
#include <sstream>

namespace tlaunch {

std::vector<int> numbers_of_list(const std::string& list, int limit) {
  std::set<int> numbers;
  std::istringstream in(list);
  for (std::string item; std::getline(in, item, ',');) {
    int first = 0, last = 0;
    const char* const end = item.data() + item.find_last_not_of(" \t\r\n") + 1;
    auto parsed = std::from_chars(item.data(), end, first);
    if (parsed.ec != std::errc() || first < 0) continue;
    last = first;
    if (parsed.ptr != end) {
      if (*parsed.ptr != '-') continue;
      parsed = std::from_chars(parsed.ptr + 1, end, last);
      if (parsed.ec != std::errc() || parsed.ptr != end) continue;
    }
    for (int number = first; number <= last && number < limit; ++number) numbers.insert(number);
  }
  return {numbers.begin(), numbers.end()};
}

std::string list_of_numbers(const std::vector<int>& numbers) {
  std::string list;
  for (std::size_t first = 0, last = 0; first < numbers.size(); first = last + 1) {
    last = first;
    while (last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1) ++last;
    list += (list.empty() ? "" : ",") + std::to_string(numbers[first]);
    if (last > first) list += "-" + std::to_string(numbers[last]);
  }
  return list;
}

std::vector<NumaNode> numa_nodes(const FileReader& read, const std::vector<int>& allowed) {
  constexpr int most_nodes = 1024;  // the most that a Linux kernel is built for
  const std::string folder = "/sys/devices/system/node/";
  std::vector<NumaNode> nodes;
  if (allowed.empty()) return nodes;
  for (const int id : numbers_of_list(read(folder + "online").value_or(""), most_nodes)) {
    const auto list = read(folder + "node" + std::to_string(id) + "/cpulist");
    if (!list) continue;
    const std::vector<int> cores = numbers_of_list(*list, allowed.back() + 1);
    NumaNode node{id, {}};
    std::set_intersection(cores.begin(), cores.end(), allowed.begin(), allowed.end(), std::back_inserter(node.cores));
    if (!node.cores.empty()) nodes.push_back(std::move(node));
  }
  return nodes;
}

std::optional<int> pci_numa_node(const FileReader& read, const std::string& bus_id) {
  // NVML writes the domain with eight digits, in capitals; the kernel with four, in small letters.
  std::string name = bus_id;
  for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (const auto colon = name.find(':'); colon == 8 && name.starts_with("0000")) name.erase(0, 4);
  const auto text = name.empty() ? std::nullopt : read("/sys/bus/pci/devices/" + name + "/numa_node");
  int node = -1;
  if (!text || std::from_chars(text->data(), text->data() + text->size(), node).ec != std::errc() || node < 0)
    return std::nullopt;
  return node;
}

}  // namespace tlaunch
