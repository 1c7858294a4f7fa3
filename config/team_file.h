// A team's settings by GPU, in a YAML file that people edit too:
//   team_gpu_settings:
//     rtx_3060: {batch_size: 12, gradient_accumulation_steps: 4, mixed_precision: true}
// Keys of an entry: team_keys() without their section, with the values that a config takes for them. Other keys beside
// team_gpu_settings are left to the team.
// Pure: text in, values or text out. Errors are UsageErrors with a line for each, as those of a config.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/options.h"

namespace tlaunch {

// An entry's values by config key ("train.batch_size"); absent: not given, or `auto`.
struct TeamSettings {
  std::map<std::string, OptionValue> values;
  bool any_mixed_precision = false;  // read from mixed_precision: true, which leaves the type open
  std::optional<std::int64_t> integer(const std::string& key) const;  // batch_size is the micro-batch of one card
};

// The config keys that an entry may give, in the order in which they are written.
const std::vector<std::string>& team_keys();

struct TeamEntry {
  std::string id;  // as the file has it
  int line = 0;
  TeamSettings settings;
  std::string note;  // what a person should know of it; "" where there is nothing
};

struct TeamFile {
  std::vector<TeamEntry> entries;  // in the file's order
};

struct TeamCard {
  std::string name;  // an id, or the driver's name: "rtx_3060", "RTX 3060 12GB", "NVIDIA GeForce RTX 3060"; "cpu"
  // In 10^9 bytes, as the maker or as the driver counts. One in the name comes first.
  std::optional<double> memory_gb = {};
};

// `path` is named in messages.
TeamFile parse_team_file(const std::string& text, const std::string& path);

// By name, whatever its case, separators, maker's words and form ("NVIDIA A100-SXM4-80GB" is a100). An entry with a
// memory in its id (rtx_3060_12gb, "rtx_3060:12GB") is for cards of that memory alone, and comes first for them.
std::optional<TeamEntry> find_team_entry(const TeamFile& file, const TeamCard& card);

// `text` (may be empty) with the card's entry set to those `settings` that are given; all else stays byte for byte.
// An entry that find_team_entry finds is changed, else one is added. `memory_in_id`: the card is made with several
// memories, so only an entry for this memory is taken or made; it needs the memory.
std::string with_team_entry(const std::string& text, const std::string& path, const TeamCard& card, bool memory_in_id,
                            const TeamSettings& settings);

}  // namespace tlaunch
