// The keys of `tune:`.
#include "config/schema_keys.h"

namespace tlaunch {

std::vector<SchemaKey> tune_keys() {
  return {
      {.key = "tune.enabled",
       .field = TLAUNCH_FIELD(tune.enabled),
       .meaning = "Measure settings that are auto before the run. false: use the defaults in docs/tuning.md.",
       .may_change_on_resume = true},
      {.key = "tune.budget_s",
       .field = TLAUNCH_FIELD(tune.budget_s),
       .unit = "s",
       .meaning = "Time limit for measuring before a run.",
       .rule = {.min = 0, .max = 86400, .empty_word = "auto"},
       .default_note = "auto: a tenth of the estimated run, 5 to 60 s",
       .may_change_on_resume = true},
      {.key = "tune.cache",
       .field = TLAUNCH_FIELD(tune.cache),
       .meaning = "Store the measured settings and reuse them for the same job on the same machine.",
       .may_change_on_resume = true},
      {.key = "tune.margin",
       .field = TLAUNCH_FIELD(tune.margin),
       .meaning = "Share of the memory to leave free.",
       .rule = {.min = 0, .max = 0.95, .empty_word = "auto"},
       .default_note = "auto: by the GPU's tier, 10 to 20 %; 10 % on the CPU",
       .may_change_on_resume = true},
      {.key = "tune.team_file",
       .field = TLAUNCH_FIELD(tune.team_file),
       .meaning = "File with a team's settings per GPU, which `tune --team` writes. They take precedence over "
                  "measured settings. A relative path starts at the folder of the file that names it, or at the "
                  "working directory if given on the command line.",
       .rule = {.empty_word = "none"},
       .may_change_on_resume = true,
       .path = PathBase::file_folder},
      {.key = "tune.keep_micro_batch",
       .field = TLAUNCH_FIELD(tune.keep_micro_batch),
       .meaning = "Keep the default micro-batch instead of a measured one: with BatchNorm another one changes the "
                  "training slightly.",
       .may_change_on_resume = true},
  };
}

}  // namespace tlaunch
