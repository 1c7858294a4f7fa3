// The table of known GPUs: configs/gpus.yaml, which explains its fields. It is built into the programs and parsed at
// its first use. Any thread.
#pragma once

#include <string>
#include <vector>

namespace tlaunch {

struct GpuTier {
  std::string name;
  double margin = 0;  // share of the memory kept free
};

struct GpuCard {
  std::string id, name, tier;
  std::vector<std::vector<std::string>> match;  // each: consecutive words of the driver's name
  std::vector<double> memory_gb;                // versions, 10^9 bytes; the first is the usual one
  int capability_major = 0, capability_minor = 0;
};

struct GpuTable {
  std::vector<GpuTier> tiers;  // strongest first
  std::vector<GpuCard> cards;
};

extern const char* const gpu_table_text;  // configs/gpus.yaml

// Throws std::logic_error if the text is not such a table, a card's id or match is not unique, or its tier is unknown.
GpuTable parse_gpu_table(const std::string& yaml);

const GpuTable& gpu_table();

// The words of a card's name as the table spells them: "NVIDIA A100-SXM4-40GB" -> nvidia a100 sxm4 40gb;
// "RTX3080Ti", "rtx_3080_ti" -> rtx 3080 ti.
std::vector<std::string> card_words(const std::string& name);

// The card with the longest match in `words`, and that match; nulls if none matches.
struct CardMatch {
  const GpuCard* card = nullptr;
  const std::vector<std::string>* words = nullptr;
};
CardMatch find_card(const std::vector<std::string>& words);

}  // namespace tlaunch
