#include <algorithm>
#include <charconv>
#include <sstream>

#include "base/text.h"
#include "hardware/gpu/gpu_probe.h"

namespace tlaunch {
namespace {

constexpr std::size_t most_shown = 200;  // bytes of CUDA_VISIBLE_DEVICES in a note

std::vector<std::string> elements(const std::string& list) {
  std::vector<std::string> items;
  std::istringstream in(list);
  for (std::string item; std::getline(in, item, ',');) {
    const auto start = item.find_first_not_of(" \t"), end = item.find_last_not_of(" \t");
    items.push_back(start == std::string::npos ? "" : item.substr(start, end - start + 1));
  }
  return items;
}

// A card, or a slice of it, that an element of the list names.
struct Named {
  std::size_t card = 0;
  std::optional<std::size_t> slice = {};
  bool operator==(const Named&) const = default;
};

std::optional<Named> slice_named(const std::string& element, const std::vector<GpuInfo>& all) {
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto& slices = all[i].mig_instances;
    for (std::size_t j = 0; j < slices.size(); ++j) {
      if (slices[j].uuid == element || slices[j].place == element) return Named{i, j};
    }
  }
  return std::nullopt;
}

// Nothing if it matches no card, or the beginning of a UUID matches several.
std::optional<Named> card_named(const std::string& element, const std::vector<GpuInfo>& all) {
  if (element.starts_with("MIG-")) return slice_named(element, all);
  if (element.starts_with("GPU-")) {
    std::optional<Named> found;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (!all[i].uuid.starts_with(element)) continue;
      if (found) return std::nullopt;
      found = Named{i};
    }
    return found;
  }
  // Like strtoul: "1gpu" is 1. A sign or a word matches nothing.
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(element.data(), element.data() + element.size(), index);
  if (error != std::errc() || index >= all.size()) return std::nullopt;
  return Named{index};
}

GpuInfo slice_of(const GpuInfo& card, const MigInstance& slice) {
  GpuInfo gpu = card;
  gpu.name = slice.name.empty() ? card.name + " MIG" : slice.name;
  gpu.uuid = slice.uuid;
  gpu.memory_total_bytes = slice.memory_total_bytes;
  gpu.memory_free_bytes = slice.memory_free_bytes;
  gpu.tier = gpu_tier("", slice.memory_total_bytes, card.capability_major);  // by memory: the name is a whole card's
  gpu.nvlink_links.reset();
  gpu.processes = slice.processes;
  return gpu;
}

// CUDA's rule for cards and slices (NVIDIA's MIG guide, "CUDA Device Enumeration"): a card in MIG mode counts as its
// first slice, and a visible slice hides all other cards and slices.
std::vector<GpuInfo> enumerate(const std::vector<Named>& chosen, const std::vector<GpuInfo>& all,
                               std::vector<std::string>& notes) {
  std::vector<GpuInfo> gpus;
  std::optional<std::size_t> first_slice;
  std::size_t slices = 0;  // that CUDA chooses from
  for (const Named& named : chosen) {
    const GpuInfo& card = all[named.card];
    if (!card.mig) {
      gpus.push_back(card);
      continue;
    }
    if (card.mig_instances.empty()) {
      notes.push_back(
          format_text("{} ({}): MIG is on but the card has no slice that can be used here, so the card is left out "
                      "(`nvidia-smi mig -cgi ... -C` makes slices, `nvidia-smi -mig 0` turns MIG off)",
                      card.name, card.uuid));
      continue;
    }
    slices += named.slice ? 1 : card.mig_instances.size();
    if (!first_slice) first_slice = gpus.size();
    gpus.push_back(slice_of(card, card.mig_instances[named.slice.value_or(0)]));
  }
  if (!first_slice) return gpus;
  const GpuInfo slice = gpus[*first_slice];
  if (slices > 1 || gpus.size() > 1)
    notes.push_back(format_text(
        "CUDA shows a program only one MIG slice and no other card: {} ({}). To use other slices, start one run per "
        "slice with CUDA_VISIBLE_DEVICES=MIG-...",
        slice.name, slice.uuid));
  return {slice};
}

}  // namespace

std::vector<GpuInfo> visible_gpus(const std::vector<GpuInfo>& all, const std::optional<std::string>& visible_devices,
                                  const std::optional<std::string>& device_order, std::vector<std::string>& notes) {
  if (all.empty()) return all;
  std::vector<Named> chosen;
  const bool unequal = std::any_of(all.begin(), all.end(), [&](const GpuInfo& g) { return g.name != all[0].name; });
  if (!visible_devices) {
    for (std::size_t i = 0; i < all.size(); ++i) chosen.push_back({i});
    if (unequal && device_order && *device_order != "PCI_BUS_ID")
      notes.push_back(format_text(
          "CUDA_DEVICE_ORDER={}: the cards differ. tlaunch's own workers number them as listed here (PCI_BUS_ID); in "
          "other programs CUDA numbers the fastest card first",
          *device_order));
    return enumerate(chosen, all, notes);
  }
  const std::string setting = "CUDA_VISIBLE_DEVICES=" + printable(*visible_devices, most_shown);
  bool by_index = false;
  for (const std::string& element : elements(*visible_devices)) {
    const auto card = card_named(element, all);
    if (!card) {
      notes.push_back(format_text("{}: {} does not match a {} here, so CUDA hides this entry and all after it", setting,
                                  quoted(element), element.starts_with("MIG-") ? "MIG slice" : "card"));
      break;
    }
    if (std::find(chosen.begin(), chosen.end(), *card) != chosen.end()) {
      notes.push_back(
          format_text("{}: the card of {} is listed twice, so CUDA hides all cards", setting, quoted(element)));
      return {};
    }
    by_index = by_index || !(element.starts_with("GPU-") || element.starts_with("MIG-"));
    chosen.push_back(*card);
  }
  if (chosen.empty()) notes.push_back(setting + " hides every card");

  if (by_index && unequal && device_order.value_or("") != "PCI_BUS_ID") {
    notes.push_back(format_text(
        "{}: the cards differ and CUDA numbers the fastest one first. Set CUDA_DEVICE_ORDER=PCI_BUS_ID, as tlaunch "
        "does for its own workers, so that the numbers mean the cards listed here",
        setting));
  }
  return enumerate(chosen, all, notes);
}

}  // namespace tlaunch
