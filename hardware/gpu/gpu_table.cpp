#include "hardware/gpu/gpu_table.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <stdexcept>

#include "base/text.h"
#include "hardware/file_reader.h"

namespace tlaunch {
namespace {

std::logic_error broken(const std::string& id, const std::string& problem) {
  return std::logic_error(format_text("configs/gpus.yaml: card {}: {}", id, problem));
}

// "12.0" to 12 and 0.
void read_capability(const std::string& text, GpuCard& card) {
  const char* const end = text.data() + text.size();
  const auto major = std::from_chars(text.data(), end, card.capability_major);
  const auto not_a_version = [&] { return broken(card.id, format_text("capability {} is not MAJOR.MINOR", text)); };
  if (major.ec != std::errc() || major.ptr == end || *major.ptr != '.') throw not_a_version();
  const auto minor = std::from_chars(major.ptr + 1, end, card.capability_minor);
  if (minor.ec != std::errc() || minor.ptr != end) throw not_a_version();
}

GpuCard read_card(const std::string& id, const YAML::Node& node) {
  GpuCard card;
  card.id = id;
  card.name = node["name"].as<std::string>();
  card.tier = node["tier"].as<std::string>();
  card.memory_gb = node["memory_gb"].as<std::vector<double>>();
  read_capability(node["capability"].as<std::string>(), card);
  for (const YAML::Node& words : node["match"]) card.match.push_back(split_words(words.as<std::string>()));
  if (card.match.empty()) {
    card.match.push_back(card_words(id));
    if (id.starts_with("rtx_") || id.starts_with("gtx_")) card.match[0].erase(card.match[0].begin());
  }
  if (card.memory_gb.empty()) throw broken(id, "memory_gb is empty");
  return card;
}

}  // namespace

GpuTable parse_gpu_table(const std::string& yaml) try {
  const YAML::Node root = YAML::Load(yaml);
  GpuTable table;
  for (const auto& entry : root["tiers"]) {
    table.tiers.push_back({entry.first.as<std::string>(), entry.second["margin"].as<double>()});
  }
  std::set<std::string> ids;
  std::set<std::vector<std::string>> matches;
  for (const auto& entry : root["cards"]) {
    const GpuCard& card = table.cards.emplace_back(read_card(entry.first.as<std::string>(), entry.second));
    if (!ids.insert(card.id).second) throw broken(card.id, "the id is listed twice");
    for (const auto& words : card.match) {
      if (!matches.insert(words).second) throw broken(card.id, "another card has the same match");
    }
    const bool known = std::any_of(table.tiers.begin(), table.tiers.end(),
                                   [&](const GpuTier& tier) { return tier.name == card.tier; });
    if (!known) throw broken(card.id, format_text("unknown tier {}", card.tier));
  }
  return table;
} catch (const YAML::Exception& problem) {
  throw std::logic_error(format_text("configs/gpus.yaml cannot be parsed: {}", problem.what()));
}

const GpuTable& gpu_table() {
  static const GpuTable table = parse_gpu_table(gpu_table_text);
  return table;
}

}  // namespace tlaunch
