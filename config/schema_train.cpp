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
       .meaning = "Length of the run in passes over the training data.",
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
       .meaning = "Length of the run in training samples. It is rounded up to whole steps.",
       .rule = above_zero(),
       .group = "length",
       .may_change_on_resume = true},
      {.key = "train.batch_size",
       .field = TLAUNCH_FIELD(train.batch_size),
       .unit = "samples",
       .meaning = "Micro-batch: samples per rank in one forward and backward pass. auto: the smallest of the fastest "
                  "that fit the memory.",
       .rule = positive(most_samples, "auto"),
       .may_change_on_resume = true},
      {.key = "train.effective_batch_size",
       .field = TLAUNCH_FIELD(train.effective_batch_size),
       .unit = "samples",
       .meaning = "Samples per optimizer step over all ranks: exactly micro-batch x accumulation x ranks. auto: "
                  "choose it by measurement and scale the learning rate with it (docs/tuning.md).",
       .rule = positive(most_samples, "auto")},
      {.key = "train.gradient_accumulation_steps",
       .field = TLAUNCH_FIELD(train.gradient_accumulation_steps),
       .unit = "micro-batches",
       .meaning = "Micro-batches per rank in one optimizer step. auto: what the effective batch needs.",
       .rule = positive(most_samples, "auto"),
       .may_change_on_resume = true},
      {.key = "train.optimizer", .field = TLAUNCH_FIELD(train.optimizer), .meaning = "Update rule of the optimizer."},
      {.key = "train.momentum",
       .field = TLAUNCH_FIELD(train.momentum),
       .meaning = "Momentum of sgd. It must be 0 with adam and adamw.",
       .rule = {.min = 0, .max = 1}},
      {.key = "train.learning_rate",
       .field = TLAUNCH_FIELD(train.learning_rate),
       .meaning = "Highest learning rate of the schedule. With train.effective_batch_size=auto it is the rate for an "
                  "effective batch of 256, and another batch scales it: linearly with sgd, by the square root with "
                  "adam and adamw.",
       .rule = above_zero()},
      {.key = "train.weight_decay",
       .field = TLAUNCH_FIELD(train.weight_decay),
       .meaning = "Weight decay: an L2 term in the gradient with sgd and adam, decoupled with adamw.",
       .rule = {.min = 0}},
      {.key = "train.schedule",
       .field = TLAUNCH_FIELD(train.schedule),
       .meaning = "Learning rate over the run, after the warm-up. cosine: falls to 0 at the end; step: is multiplied "
                  "by step_gamma every step_epochs; constant: stays."},
      {.key = "train.step_epochs",
       .field = TLAUNCH_FIELD(train.step_epochs),
       .unit = "epochs",
       .meaning = "Epochs between two drops of the learning rate with schedule step. Required there, not allowed with "
                  "another schedule.",
       .rule = positive(1e9, "none")},
      {.key = "train.step_gamma",
       .field = TLAUNCH_FIELD(train.step_gamma),
       .meaning = "Factor of each drop of the learning rate with schedule step.",
       .rule = above_zero()},
      {.key = "train.warmup_steps",
       .field = TLAUNCH_FIELD(train.warmup_steps),
       .unit = "steps",
       .meaning = "Warm-up: steps in which the learning rate rises linearly from 0 to train.learning_rate.",
       .rule = {.min = 0, .max = largest_count, .empty_word = "auto"},
       .default_note = "auto: 5 % of the run, at most 100 steps"},
      {.key = "train.clip_grad_norm",
       .field = TLAUNCH_FIELD(train.clip_grad_norm),
       .meaning = "Clip gradients: scale them down if their L2 norm, over all parameters together, exceeds this.",
       .rule = above_zero("off")},
      {.key = "train.on_nan",
       .field = TLAUNCH_FIELD(train.on_nan),
       .meaning = "Action on a loss or gradient that is not finite. stop: end the run, at the next logged step; skip: "
                  "skip the update of that step, at most 10 in a row; rollback: return to the newest checkpoint with "
                  "the learning rate halved, at most 3 times."},
      {.key = "train.early_stopping_patience",
       .field = TLAUNCH_FIELD(train.early_stopping_patience),
       .unit = "evaluations",
       .meaning = "End the run after this many evaluations in a row without a better val_loss.",
       .rule = positive(1e9, "off")},
  };
}

}  // namespace tlaunch
