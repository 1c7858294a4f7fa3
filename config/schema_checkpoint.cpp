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
       .meaning = "Folder of checkpoints; relative to the working directory.",
       .rule = {.empty_word = "auto"},
       .default_note = "auto: checkpoints/ in the run's folder",
       .may_change_on_resume = true,
       .path = PathBase::working_directory},
      {.key = "checkpoint.every_n_epochs",
       .field = TLAUNCH_FIELD(checkpoint.every_n_epochs),
       .unit = "epochs",
       .meaning = "Interval of saves; the end of a run is one more.",
       .rule = positive(),
       .group = "checkpoint interval",
       .group_default = "1",
       .may_change_on_resume = true},
      {.key = "checkpoint.every_n_steps",
       .field = TLAUNCH_FIELD(checkpoint.every_n_steps),
       .unit = "steps",
       .meaning = "The same in optimizer steps; auto: as often as a save's measured cost allows (docs/tuning.md).",
       .rule = positive(largest_count, "auto"),
       .group = "checkpoint interval",
       .may_change_on_resume = true},
      {.key = "checkpoint.every_n_kimg",
       .field = TLAUNCH_FIELD(checkpoint.every_n_kimg),
       .unit = "thousand samples",
       .meaning = "The same in samples shown.",
       .rule = {.min = 0, .above_min = true},
       .group = "checkpoint interval",
       .may_change_on_resume = true},
      {.key = "checkpoint.every_minutes",
       .field = TLAUNCH_FIELD(checkpoint.every_minutes),
       .unit = "minutes",
       .meaning = "The same in time: at the first logged step after so long.",
       .rule = {.min = 0, .above_min = true},
       .group = "checkpoint interval",
       .may_change_on_resume = true},
      {.key = "checkpoint.save_top_k",
       .field = TLAUNCH_FIELD(checkpoint.save_top_k),
       .unit = "checkpoints",
       .meaning = "So many with the best `monitor` are kept; -1: all, 0: none for its metric.",
       .rule = {.min = -1, .max = 1e6},
       .may_change_on_resume = true},
      {.key = "checkpoint.save_last",
       .field = TLAUNCH_FIELD(checkpoint.save_last),
       .meaning = "The newest is kept as well, also under the name last.safetensors (a link: no second copy).",
       .may_change_on_resume = true},
      {.key = "checkpoint.monitor",
       .field = TLAUNCH_FIELD(checkpoint.monitor),
       .meaning = "The metric of the latest evaluation that save_top_k goes by: one that the model yields.",
       .may_change_on_resume = true},
      {.key = "checkpoint.mode",
       .field = TLAUNCH_FIELD(checkpoint.mode),
       .meaning = "Whether the least or the greatest `monitor` is the best.",
       .may_change_on_resume = true},
      {.key = "checkpoint.filename",
       .field = TLAUNCH_FIELD(checkpoint.filename),
       .meaning =
           "Name of a checkpoint without .safetensors; {epoch}, {step} and the metrics stand for their values, in "
           "Python's formats.",
       .may_change_on_resume = true,
       .check = is_name_template,
       .expected = "a file's name with fields such as {epoch:02d}, {step}, {val_loss:.3f}",
       .path = PathBase::name},
      {.key = "checkpoint.async",
       .field = TLAUNCH_FIELD(checkpoint.async),
       .meaning = "Training goes on while a copy of its state is written.",
       .may_change_on_resume = true},
      {.key = "checkpoint.min_free_gb",
       .field = TLAUNCH_FIELD(checkpoint.min_free_gb),
       .unit = "GB",
       .meaning =
           "So much stays free on the disk beside all that the run writes: looked at before step 1 and before each "
           "save, which fails where it would leave less; auto: what the run is estimated to write is enough.",
       .rule = {.min = 0, .max = 1e9, .empty_word = "auto"},
       .may_change_on_resume = true},
  };
}

}  // namespace tlaunch
