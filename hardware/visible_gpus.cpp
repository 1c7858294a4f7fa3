#include <algorithm>
#include <charconv>
#include <sstream>

#include "hardware/gpu_probe.h"

namespace tlaunch {
namespace {

std::vector<std::string> elements(const std::string& list) {
  std::vector<std::string> items;
  std::istringstream in(list);
  for (std::string item; std::getline(in, item, ',');) {
    const auto start = item.find_first_not_of(" \t"), end = item.find_last_not_of(" \t");
    items.push_back(start == std::string::npos ? "" : item.substr(start, end - start + 1));
  }
  return items;
}

// Position in `all` of the card an element names; nothing where it names none, or a UUID beginning names several.
std::optional<std::size_t> card_named(const std::string& element, const std::vector<GpuInfo>& all) {
  if (element.starts_with("GPU-")) {
    std::optional<std::size_t> found;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (!all[i].uuid.starts_with(element)) continue;
      if (found) return std::nullopt;
      found = i;
    }
    return found;
  }
  // Like strtoul: "1gpu" is 1. A sign or a word names nothing.
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(element.data(), element.data() + element.size(), index);
  if (error != std::errc() || index >= all.size()) return std::nullopt;
  return index;
}

}  // namespace

std::vector<GpuInfo> visible_gpus(const std::vector<GpuInfo>& all, const std::optional<std::string>& visible_devices,
                                  const std::optional<std::string>& device_order, std::vector<std::string>& notes) {
  if (!visible_devices || all.empty()) return all;
  const std::string quoted = "CUDA_VISIBLE_DEVICES=" + *visible_devices;
  std::vector<std::size_t> chosen;
  bool by_index = false;
  for (const std::string& element : elements(*visible_devices)) {
    const auto card = card_named(element, all);
    if (!card) {
      notes.push_back(element.starts_with("MIG-")
                          ? quoted + ": MIG slices are not supported; name whole cards"
                          : quoted + ": '" + element + "' names no card here, so CUDA hides it and what follows it");
      break;
    }
    if (std::find(chosen.begin(), chosen.end(), *card) != chosen.end()) {
      notes.push_back(quoted + ": '" + element + "' names a card twice, so CUDA shows none at all");
      return {};
    }
    by_index = by_index || !element.starts_with("GPU-");
    chosen.push_back(*card);
  }
  if (chosen.empty()) notes.push_back(quoted + " hides every card");

  const bool unequal = std::any_of(all.begin(), all.end(), [&](const GpuInfo& g) { return g.name != all[0].name; });
  if (by_index && unequal && device_order.value_or("") != "PCI_BUS_ID") {
    notes.push_back(quoted + ": the cards differ and CUDA numbers the fastest first; set CUDA_DEVICE_ORDER=PCI_BUS_ID "
                    "so that the numbers mean the cards listed here");
  }
  std::vector<GpuInfo> gpus;
  for (const std::size_t i : chosen) gpus.push_back(all[i]);
  return gpus;
}

}  // namespace tlaunch
