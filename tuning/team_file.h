// A team's settings by GPU, in a YAML file that people edit too:
//   team_gpu_settings:
//     rtx_3060: {batch_size: 12, gradient_accumulation_steps: 4, mixed_precision: true}
// The keys of an entry are team_keys() without their section; their values are those that a config takes. Top-level
// keys other than team_gpu_settings are ignored. Pure: text in, values or text out. Errors are UsageErrors with one
// line per problem, as for a config.
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
  bool any_mixed_precision = false;  // mixed_precision: true, which does not say which type
  std::optional<std::int64_t> integer(const std::string& key) const;  // batch_size is the micro-batch of one card
};

// The config keys that an entry may give, in the order in which they are written.
const std::vector<std::string>& team_keys();

struct TeamEntry {
  std::string id;  // as in the file
  int line = 0;
  TeamSettings settings;
  std::string note;  // a hint for the user; "": none
};

struct TeamFile {
  std::vector<TeamEntry> entries;  // in the file's order
};

struct TeamCard {
  std::string name;  // an id, or the driver's name: "rtx_3060", "RTX 3060 12GB", "NVIDIA GeForce RTX 3060"; "cpu"
  // In 10^9 bytes, by the maker or by the driver. A memory in the name takes precedence.
  std::optional<double> memory_gb = {};
};

// `path` is named in messages.
TeamFile parse_team_file(const std::string& text, const std::string& path);

// Finds the entry by name. Case, separators, the maker's words and the form do not matter ("NVIDIA A100-SXM4-80GB" is
// a100). An entry with a memory in its id (rtx_3060_12gb, "rtx_3060:12GB") is only for cards with that memory, and
// takes precedence for them.
std::optional<TeamEntry> find_team_entry(const TeamFile& file, const TeamCard& card);

// Returns `text` (may be empty) with the given `settings` set in the card's entry; the rest stays byte for byte.
// Changes the entry that find_team_entry finds, or else adds one. `memory_in_id`: the card exists with several
// memories, so only an entry for this memory is changed or added. This needs the memory of `card`.
std::string with_team_entry(const std::string& text, const std::string& path, const TeamCard& card, bool memory_in_id,
                            const TeamSettings& settings);

}  // namespace tlaunch
