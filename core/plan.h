// The Plan: each setting that was `auto` (and each the user fixed), with where its value comes from and why.
// Made by tuning, printed by the launcher, saved as plan.json, applied by the worker.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/json.h"
#include "core/run_config.h"

namespace tlaunch {

enum class Origin { user, team, measured, predicted, prior, cache };
const char* to_string(Origin);

struct Choice {
  std::string key;  // the dotted key without its section: "batch_size", "mixed_precision", "tf32", ...
  Json value;       // number, boolean or text
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

// {"plan": {KEY: {value, origin, reason, evidence}}, "world_size": N, "memory_budget_bytes": B, "samples_per_s": P}
Json to_json(const Plan&);
// Throws DataError where the JSON is no plan.
Plan plan_from_json(const Json&);

// `config` with every `auto` that the plan decides filled in. Values the user fixed in `config` stay; the learning rate
// becomes the plan's only where the effective batch was left to it (core/effective_batch.h).
RunConfig apply(RunConfig config, const Plan& plan);

}  // namespace tlaunch
