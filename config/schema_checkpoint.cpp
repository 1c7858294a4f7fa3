// The keys of `checkpoint:`.
#include "base/error.h"
#include "base/name_template.h"
#include "config/schema_keys.h"

namespace tlaunch {
namespace {

bool is_name_template(const std::string& text) {
  try {
    return NameTemplate(text), text.size() <= 200;
  } catch (const UsageError&) {
    return false;
  }
}

}  // namespace

std::vector<SchemaKey> checkpoint_keys() {
  return {
      {.key = "checkpoint.dirpath",
       .field = TLAUNCH_FIELD(checkpoint.dirpath),
       .meaning = "Folder of the checkpoints. A relative path starts at the working directory.",
       .rule = {.empty_word = "auto"},
       .default_note = "auto: checkpoints/ in the run's folder",
       .may_change_on_resume = true,
       .path = PathBase::working_directory},
      {.key = "checkpoint.every_n_epochs",
       .field = TLAUNCH_FIELD(checkpoint.every_n_epochs),
       .unit = "epochs",
       .meaning = "Epochs between two checkpoints. Every run also saves one at its end.",
       .rule = positive(),
       .group = "checkpoint interval",
       .group_default = "1",
       .may_change_on_resume = true},
      {.key = "checkpoint.every_n_steps",
       .field = TLAUNCH_FIELD(checkpoint.every_n_steps),
       .unit = "steps",
       .meaning = "Optimizer steps between two checkpoints. auto: the interval that the measured cost of a save "
                  "allows (docs/tuning.md).",
       .rule = positive(largest_count, "auto"),
       .group = "checkpoint interval",
       .may_change_on_resume = true},
      {.key = "checkpoint.every_n_kimg",
       .field = TLAUNCH_FIELD(checkpoint.every_n_kimg),
       .unit = "thousand samples",
       .meaning = "Training samples between two checkpoints.",
       .rule = {.min = 0, .above_min = true},
       .group = "checkpoint interval",
       .may_change_on_resume = true},
      {.key = "checkpoint.every_minutes",
       .field = TLAUNCH_FIELD(checkpoint.every_minutes),
       .unit = "minutes",
       .meaning = "Time between two checkpoints. The clock is read only at logged steps (log.log_interval).",
       .rule = {.min = 0, .above_min = true},
       .group = "checkpoint interval",
       .may_change_on_resume = true},
      {.key = "checkpoint.save_top_k",
       .field = TLAUNCH_FIELD(checkpoint.save_top_k),
       .unit = "checkpoints",
       .meaning = "Number of checkpoints to keep, the best by monitor. -1: keep all; 0: keep none for its metric.",
       .rule = {.min = -1, .max = 1e6},
       .may_change_on_resume = true},
      {.key = "checkpoint.save_last",
       .field = TLAUNCH_FIELD(checkpoint.save_last),
       .meaning = "Keep the newest checkpoint too, with last.safetensors as a link to it (no second copy).",
       .may_change_on_resume = true},
      {.key = "checkpoint.monitor",
       .field = TLAUNCH_FIELD(checkpoint.monitor),
       .meaning = "Metric that ranks the checkpoints, from the latest evaluation. The model must yield it.",
       .may_change_on_resume = true},
      {.key = "checkpoint.mode",
       .field = TLAUNCH_FIELD(checkpoint.mode),
       .meaning = "Whether the lowest (min) or the highest (max) monitor is the best.",
       .may_change_on_resume = true},
      {.key = "checkpoint.filename",
       .field = TLAUNCH_FIELD(checkpoint.filename),
       .meaning = "File name of a checkpoint without .safetensors. {epoch}, {step} and {METRIC} are replaced by their "
                  "values and take Python's number formats.",
       .may_change_on_resume = true,
       .check = is_name_template,
       .expected = "a file's name with fields such as {epoch:02d}, {step}, {val_loss:.3f}",
       .path = PathBase::name},
      {.key = "checkpoint.async",
       .field = TLAUNCH_FIELD(checkpoint.async),
       .meaning = "Write checkpoints in the background: training waits only for the copy of its state.",
       .may_change_on_resume = true},
      {.key = "checkpoint.min_free_gb",
       .field = TLAUNCH_FIELD(checkpoint.min_free_gb),
       .unit = "GB",
       .meaning = "Disk space to leave free for others. A run whose files would take more is refused before step 1, "
                  "and a later save that would take more fails. auto: leave nothing beyond what the run itself needs.",
       .rule = {.min = 0, .max = 1e9, .empty_word = "auto"},
       .may_change_on_resume = true},
  };
}

}  // namespace tlaunch
