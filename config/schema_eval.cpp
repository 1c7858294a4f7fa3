// The keys of `eval:`.
#include "config/schema_keys.h"

namespace tlaunch {

std::vector<SchemaKey> eval_keys() {
  return {
      {.key = "eval.every_n_epochs",
       .field = TLAUNCH_FIELD(eval.every_n_epochs),
       .unit = "epochs",
       .meaning = "Interval of evaluations on the validation samples.",
       .rule = positive(),
       .group = "evaluation interval",
       .group_default = "1",
       .may_change_on_resume = true},
      {.key = "eval.every_n_steps",
       .field = TLAUNCH_FIELD(eval.every_n_steps),
       .unit = "steps",
       .meaning = "The same in optimizer steps.",
       .rule = positive(),
       .group = "evaluation interval",
       .may_change_on_resume = true},
      {.key = "eval.every_n_kimg",
       .field = TLAUNCH_FIELD(eval.every_n_kimg),
       .unit = "thousand samples",
       .meaning = "The same in samples shown.",
       .rule = {.min = 0, .above_min = true},
       .group = "evaluation interval",
       .may_change_on_resume = true},
  };
}

}  // namespace tlaunch
