// The plan: the value of each setting that tuning may decide, fixed by the user or not, with its origin and reason.
// Tuning makes it, the launcher prints it and saves it as plan.json, and the worker applies it.
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
  std::string key;  // the config key: "train.batch_size", "gpu.mixed_precision", ... (planned_keys)
  Json value;       // a number, boolean or text that the config accepts
  Origin origin = Origin::prior;
  std::string reason;       // one sentence
  Json evidence = nullptr;  // an object of figures, if something was measured
};

struct Plan {
  std::int64_t world_size = 1;
  std::uint64_t memory_budget_bytes = 0;  // memory limit per rank, in trials and in training; 0: none
  double samples_per_s = 0;               // measured with these choices, over all ranks; 0: unknown
  std::vector<Choice> choices;
  const Choice* find(const std::string& key) const;  // nullptr: absent
};

// The config keys that a plan may decide, in the order for display.
const std::vector<std::string>& planned_keys();

// The name of a planned key in `tlaunch tune --json` and in plans of format 1: "batch_size" for "train.batch_size",
// "save_interval" for "checkpoint.every_n_steps".
std::string short_name(const std::string& planned_key);

// A choice's value as in a config file ("64", "true", "bf16"); and the value of such a text: a number, a boolean or
// else a text.
std::string value_text(const Json& value);
Json value_of_text(const std::string& text);

// The value of a schema key in a config, as in a plan; null: `auto`.
Json planned_value(const RunConfig& config, const std::string& key);

// {"format": 2, "plan": {KEY: {value, origin, reason, evidence}}, "world_size": N, "memory_budget_bytes": B,
// "samples_per_s": P}. Format 1, which names no format, had the short names; it is still read.
inline constexpr int plan_format = 2;
Json to_json(const Plan&);
// Throws DataError if the JSON is not a plan, has a later format, a key that no plan decides, or a value that the
// config does not accept.
Plan plan_from_json(const Json&);

// Returns `config` with the plan's value for every `auto` that the plan decides. Values that the user fixed stay. The
// learning rate is taken from the plan only if the effective batch is auto (config/effective_batch.h), the interval of
// saves only if no interval of any kind is set. Throws DataError for a key that no plan decides, or a value that the
// config does not accept.
RunConfig apply(const RunConfig& config, const Plan& plan);

}  // namespace tlaunch
