// Tiers: how strong a card is. They decide the first guess of the batch (tuning/batch_limit.cpp) and the share of memory kept
// free.
#include <algorithm>

#include "hardware/gpu/gpu_table.h"
#include "hardware/profile.h"

namespace tlaunch {
namespace {

// The tier of a card that is not in the table. GB are the maker's (a "24 GB" card reports a little more).
std::string tier_by_figures(std::uint64_t memory_total_bytes, int capability_major) {
  const double memory_gb = static_cast<double>(memory_total_bytes) / 1e9;
  if (capability_major > 0 && capability_major < 7) return "low_end";  // no tensor cores
  if (memory_gb >= 20) return "high_end";
  if (memory_gb >= 10) return "mid_range";
  if (memory_gb >= 5.5) return "budget";
  return "low_end";
}

bool has(const std::vector<std::string>& words, const char* word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// RTX PRO Max-Q is a desktop card of lower power.
bool is_laptop(const std::vector<std::string>& words) {
  return has(words, "laptop") || has(words, "mobile") || (has(words, "max") && !has(words, "pro"));
}

std::string one_below(const std::string& tier) {
  const std::vector<GpuTier>& tiers = gpu_table().tiers;
  for (std::size_t i = 0; i + 1 < tiers.size(); ++i) {
    if (tiers[i].name == tier) return tiers[i + 1].name;
  }
  return tier;
}

}  // namespace

std::string gpu_tier(const std::string& name, std::uint64_t memory_total_bytes, int capability_major) {
  const std::vector<std::string> words = card_words(name);
  const CardMatch found = find_card(words);
  if (!found.card) return tier_by_figures(memory_total_bytes, capability_major);
  // A laptop card without its own row has the name of a desktop card that is about one tier stronger.
  return is_laptop(words) && !is_laptop(*found.words) ? one_below(found.card->tier) : found.card->tier;
}

double tier_margin(const std::string& tier) {
  double largest = 0;  // for an unknown tier
  for (const GpuTier& known : gpu_table().tiers) {
    if (known.name == tier) return known.margin;
    largest = std::max(largest, known.margin);
  }
  return largest;
}

}  // namespace tlaunch
