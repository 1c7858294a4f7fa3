// The keys of `tune:`.
#include "config/schema_keys.h"

namespace tlaunch {

std::vector<SchemaKey> tune_keys() {
  return {
      {.key = "tune.enabled",
       .field = TLAUNCH_FIELD(tune.enabled),
       .meaning = "Measure what is left to auto before the run; false: take the table's values.",
       .may_change_on_resume = true},
      {.key = "tune.budget_s",
       .field = TLAUNCH_FIELD(tune.budget_s),
       .unit = "s",
       .meaning = "Time that measuring may take before a run.",
       .rule = {.min = 0, .max = 86400, .empty_word = "auto"},
       .default_note = "auto: a tenth of the estimated run, 5 to 60 s",
       .may_change_on_resume = true},
      {.key = "tune.cache",
       .field = TLAUNCH_FIELD(tune.cache),
       .meaning = "Keep what was measured, and take it again for the same job on the same machine.",
       .may_change_on_resume = true},
      {.key = "tune.margin",
       .field = TLAUNCH_FIELD(tune.margin),
       .meaning = "Share of the memory that is kept free.",
       .rule = {.min = 0, .max = 0.95, .empty_word = "auto"},
       .default_note = "auto: by the card's tier, 10 to 20 %; 10 % on the CPU",
       .may_change_on_resume = true},
      {.key = "tune.team_file",
       .field = TLAUNCH_FIELD(tune.team_file),
       .meaning = "A team's settings by card (tune --team writes it); its values stand before measured ones.",
       .rule = {.empty_word = "none"},
       .may_change_on_resume = true,
       .path = PathBase::file_folder},
      {.key = "tune.keep_micro_batch",
       .field = TLAUNCH_FIELD(tune.keep_micro_batch),
       .meaning = "Keep the table's micro-batch: with BatchNorm another one trains a little differently.",
       .may_change_on_resume = true},
  };
}

}  // namespace tlaunch
