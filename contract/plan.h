// The Plan: each setting that was `auto` (and each the user fixed), with where its value comes from and why.
// Made by tuning, printed by the launcher, saved as plan.json, applied by the worker.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "config/run_config.h"

namespace tlaunch {

enum class Origin { user, team, measured, predicted, prior, cache };
const char* to_string(Origin);

struct Choice {
  std::string key;  // the config key it decides: "train.batch_size", "gpu.mixed_precision", ... (planned_keys)
  Json value;       // number, boolean or text, as the config takes it
  Origin origin = Origin::prior;
  std::string reason;       // one sentence
  Json evidence = nullptr;  // an object of figures, where something was measured
};

struct Plan {
  std::int64_t world_size = 1;
  std::uint64_t memory_budget_bytes = 0;  // what each rank may have, in trials and in training alike; 0: no cap
  double samples_per_s = 0;               // measured with these choices, over all ranks; 0: not known
  std::vector<Choice> choices;
  const Choice* find(const std::string& key) const;  // nullptr where absent
};

// The config keys that a plan may decide, in the order in which people read them.
const std::vector<std::string>& planned_keys();

// What `tlaunch tune --json` calls a planned key, and what plans of format 1 called it: "batch_size" for
// "train.batch_size", "save_interval" for "checkpoint.every_n_steps".
std::string short_name(const std::string& planned_key);

// A choice's value as a config file writes it ("64", "true", "bf16"), and such a text as a value: a number or a boolean
// where it is one, else a text.
std::string value_text(const Json& value);
Json value_of_text(const std::string& text);

// The value that a config has at a key of the schema, as a plan writes it; null where it is `auto`.
Json planned_value(const RunConfig& config, const std::string& key);

// {"format": 2, "plan": {KEY: {value, origin, reason, evidence}}, "world_size": N, "memory_budget_bytes": B,
// "samples_per_s": P}. Format 1, which names no format, had the short names; it is still read.
inline constexpr int plan_format = 2;
Json to_json(const Plan&);
// Throws DataError where the JSON is not a plan, is of a later format, or has a key that no plan decides or a value
// that the config does not take.
Plan plan_from_json(const Json&);

// `config` with every `auto` that the plan decides filled in. Values that the user fixed in `config` stay; the learning
// rate becomes the plan's only where the effective batch was left to it (config/effective_batch.h), the interval of
// saves only where no interval of any kind is set. Throws DataError for a key that no plan decides, or a value that the
// config does not take.
RunConfig apply(const RunConfig& config, const Plan& plan);

}  // namespace tlaunch
