// The keys of `eval:`.
#include "config/schema_keys.h"

namespace tlaunch {

std::vector<SchemaKey> eval_keys() {
  return {
      {.key = "eval.every_n_epochs",
       .field = TLAUNCH_FIELD(eval.every_n_epochs),
       .unit = "epochs",
       .meaning = "Epochs between two evaluations on the validation data.",
       .rule = positive(),
       .group = "evaluation interval",
       .group_default = "1",
       .may_change_on_resume = true},
      {.key = "eval.every_n_steps",
       .field = TLAUNCH_FIELD(eval.every_n_steps),
       .unit = "steps",
       .meaning = "Optimizer steps between two evaluations.",
       .rule = positive(),
       .group = "evaluation interval",
       .may_change_on_resume = true},
      {.key = "eval.every_n_kimg",
       .field = TLAUNCH_FIELD(eval.every_n_kimg),
       .unit = "thousand samples",
       .meaning = "Training samples between two evaluations.",
       .rule = {.min = 0, .above_min = true},
       .group = "evaluation interval",
       .may_change_on_resume = true},
  };
}

}  // namespace tlaunch
