// The keys of `train:`.
#include "config/batch.h"
#include "config/schema_keys.h"

namespace tlaunch {
namespace {

constexpr double most_samples = static_cast<double>(largest_batch);

}  // namespace

std::vector<SchemaKey> train_keys() {
  return {
      {.key = "train.epochs",
       .field = TLAUNCH_FIELD(train.epochs),
       .unit = "epochs",
       .meaning = "Length of the run in passes over the data.",
       .rule = positive(1e9),
       .group = "length",
       .group_default = "10",
       .may_change_on_resume = true},
      {.key = "train.max_steps",
       .field = TLAUNCH_FIELD(train.max_steps),
       .unit = "steps",
       .meaning = "Length of the run in optimizer steps.",
       .rule = positive(largest_count),
       .group = "length",
       .may_change_on_resume = true},
      {.key = "train.kimg",
       .field = TLAUNCH_FIELD(train.kimg),
       .unit = "thousand samples",
       .meaning = "Length of the run in samples shown.",
       .rule = above_zero(),
       .group = "length",
       .may_change_on_resume = true},
      {.key = "train.batch_size",
       .field = TLAUNCH_FIELD(train.batch_size),
       .unit = "samples",
       .meaning = "Micro-batch of one rank: what one forward pass takes.",
       .rule = positive(most_samples, "auto"),
       .may_change_on_resume = true},
      {.key = "train.effective_batch_size",
       .field = TLAUNCH_FIELD(train.effective_batch_size),
       .unit = "samples",
       .meaning = "Samples of one optimizer step: micro-batch x accumulation x ranks, exactly. auto: as measured, with "
                  "the learning rate changed to suit it (docs/tuning.md).",
       .rule = positive(most_samples, "auto")},
      {.key = "train.gradient_accumulation_steps",
       .field = TLAUNCH_FIELD(train.gradient_accumulation_steps),
       .unit = "micro-batches",
       .meaning = "Micro-batches of a rank before an optimizer step.",
       .rule = positive(most_samples, "auto"),
       .may_change_on_resume = true},
      {.key = "train.optimizer", .field = TLAUNCH_FIELD(train.optimizer), .meaning = "The update rule."},
      {.key = "train.momentum",
       .field = TLAUNCH_FIELD(train.momentum),
       .meaning = "Momentum of sgd; the others have their own and take none.",
       .rule = {.min = 0, .max = 1}},
      {.key = "train.learning_rate",
       .field = TLAUNCH_FIELD(train.learning_rate),
       .meaning = "The highest the schedule reaches. With train.effective_batch_size=auto: for an effective batch of "
                  "256; for another it is changed by the linear (sgd) or square-root rule (adam, adamw).",
       .rule = above_zero()},
      {.key = "train.weight_decay",
       .field = TLAUNCH_FIELD(train.weight_decay),
       .meaning = "L2 term of sgd and adam; decoupled with adamw.",
       .rule = {.min = 0}},
      {.key = "train.schedule",
       .field = TLAUNCH_FIELD(train.schedule),
       .meaning = "The learning rate over the run: cosine falls to 0 at its end, step multiplies by step_gamma every "
                  "step_epochs."},
      {.key = "train.step_epochs",
       .field = TLAUNCH_FIELD(train.step_epochs),
       .unit = "epochs",
       .meaning = "Interval of schedule step, which needs it; no other takes it.",
       .rule = positive(1e9, "none")},
      {.key = "train.step_gamma",
       .field = TLAUNCH_FIELD(train.step_gamma),
       .meaning = "Factor of schedule step.",
       .rule = above_zero()},
      {.key = "train.warmup_steps",
       .field = TLAUNCH_FIELD(train.warmup_steps),
       .unit = "steps",
       .meaning = "Steps over which the learning rate rises from 0 in a straight line.",
       .rule = {.min = 0, .max = largest_count, .empty_word = "auto"}},
      {.key = "train.clip_grad_norm",
       .field = TLAUNCH_FIELD(train.clip_grad_norm),
       .meaning = "Gradients are scaled down to this norm (L2, of all together) where they exceed it.",
       .rule = above_zero("off")},
      {.key = "train.on_nan",
       .field = TLAUNCH_FIELD(train.on_nan),
       .meaning = "A loss or gradient that is not finite: stop ends the run (seen when a step is logged); skip leaves "
                  "that step's update out, at most 10 in a row; rollback goes back to the run's newest checkpoint with "
                  "the learning rate halved, at most 3 times."},
      {.key = "train.early_stopping_patience",
       .field = TLAUNCH_FIELD(train.early_stopping_patience),
       .unit = "evaluations",
       .meaning = "The run ends after so many evaluations without a better val_loss.",
       .rule = positive(1e9, "off")},
  };
}

}  // namespace tlaunch
