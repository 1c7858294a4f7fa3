// Tiers: how strong a card is, for the prior's table and the share of memory kept free. The first rows of each tier are
// the teams' own list; the others place today's cards beside them by speed and memory.
#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

#include "hardware/file_reader.h"
#include "hardware/profile.h"

namespace tlaunch {
namespace {

enum Tier { low_end, budget, mid_range, high_end };
const char* const tier_names[] = {"low_end", "budget", "mid_range", "high_end"};

struct Row {
  Tier tier;
  std::vector<std::string> models;  // whole words of the normalised name, one after the other; the longest match wins
};

const std::vector<Row>& table() {
  static const std::vector<Row> rows = {
      {high_end, {"4090", "4080", "3090", "a100", "v100"}},
      {high_end,
       {"b300",     "gb300",        "b200",         "gb200",        "b100",     "gh200", "h200", "h100",
        "h800",     "h20",          "a800",         "a40",          "a6000",    "a5500", "l40",  "l40s",
        "rtx 6000", "rtx pro 6000", "rtx pro 5000", "rtx 5000 ada", "rtx 8000", "5090",  "5080", "titan rtx"}},
      {mid_range, {"3080", "3070", "4070"}},
      // 3080 Ti and 4070 Ti: the chips of the tier above with 12 GB, which is what decides the batch.
      {mid_range,
       {"3080 ti", "3070 ti",      "4070 ti",      "4070 super",   "5070",         "5070 ti",         "2080 ti",
        "titan v", "a10",          "a10g",         "a30",          "l4",           "a5000",           "a4500",
        "a4000",   "rtx pro 4500", "rtx pro 4000", "rtx 4500 ada", "rtx 4000 ada", "rtx 4000 sff ada"}},
      {budget, {"3060", "2070", "2080"}},
      {budget,
       {"3060 ti", "3050", "2060", "4060", "4060 ti", "4050", "5060", "5060 ti", "5050", "t4", "a2", "a16", "a2000",
        "rtx 2000 ada", "rtx 5000", "rtx 4000", "rtx 3000", "rtx pro 2000"}},
      {low_end, {"1660", "1080"}},
      {low_end, {"1650",  "1630",  "1080 ti", "1070", "1060", "1050",    "1030",     "p100",  "p40",
                 "p4",    "m40",   "m60",     "k80",  "k40",  "titan x", "titan xp", "p6000", "p5000",
                 "p4000", "p2000", "t1000",   "t600", "t400", "a400",    "a1000"}},
  };
  return rows;
}

// "NVIDIA A100-SXM4-40GB" -> nvidia a100 sxm4 40gb; "RTX3080Ti", "rtx_3080_ti" -> rtx 3080 ti.
std::vector<std::string> words_of(const std::string& name) {
  std::string text;
  for (const unsigned char c : name) text += std::isalnum(c) ? static_cast<char>(std::tolower(c)) : ' ';
  std::vector<std::string> words;
  for (std::string word : split_words(text)) {
    if ((word.starts_with("rtx") || word.starts_with("gtx")) && word.size() > 3) {
      words.push_back(word.substr(0, 3));
      word.erase(0, 3);
    }
    if (word.size() == 6 && std::isdigit(static_cast<unsigned char>(word[0])) && word.ends_with("ti")) {
      words.push_back(word.substr(0, 4));
      word = "ti";
    }
    words.push_back(word);
  }
  return words;
}

bool has_word(const std::vector<std::string>& words, const char* word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// Of a card the table does not know. GB are the maker's (a "24 GB" card reports a little less).
Tier tier_by_figures(std::uint64_t memory_total_bytes, int capability_major) {
  const double memory_gb = static_cast<double>(memory_total_bytes) / 1e9;
  if (capability_major > 0 && capability_major < 7) return low_end;  // no tensor cores
  if (memory_gb >= 20) return high_end;
  if (memory_gb >= 10) return mid_range;
  if (memory_gb >= 5.5) return budget;
  return low_end;
}

}  // namespace

std::string gpu_tier(const std::string& name, std::uint64_t memory_total_bytes, int capability_major) {
  const std::vector<std::string> words = words_of(name);
  std::size_t longest = 0;
  Tier tier = tier_by_figures(memory_total_bytes, capability_major);
  for (const Row& row : table()) {
    for (const std::string& model : row.models) {
      const std::vector<std::string> wanted = split_words(model);
      if (wanted.size() <= longest) continue;
      if (std::search(words.begin(), words.end(), wanted.begin(), wanted.end()) == words.end()) continue;
      longest = wanted.size();
      tier = row.tier;
    }
  }
  // A laptop card bears the name of a desktop card about one tier above it.
  // (RTX PRO Max-Q is a desktop card of lower power.)
  const bool max_q = has_word(words, "max") && !has_word(words, "pro");
  const bool laptop = has_word(words, "laptop") || has_word(words, "mobile") || max_q;
  if (longest > 0 && laptop && tier > low_end) tier = static_cast<Tier>(tier - 1);
  return tier_names[tier];
}

double tier_margin(const std::string& tier) {
  if (tier == "low_end") return 0.10;
  if (tier == "budget") return 0.15;
  return 0.20;
}

}  // namespace tlaunch
