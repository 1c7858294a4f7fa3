#include "config/batch.h"
#include "config/schema_keys.h"

namespace tlaunch {
namespace {

bool is_folder_name(const std::string& text) {  // the run's folder below run_root
  return text.find('/') == std::string::npos && text != "." && text != ".." && text.size() <= 100;
}

constexpr double most_samples = static_cast<double>(largest_batch);
constexpr double largest_count = 1e12;

ValueRule positive(double most, const char* empty_word = "") {
  return {.min = 1, .max = most, .empty_word = empty_word};
}
ValueRule above_zero(const char* empty_word = "") { return {.min = 0, .above_min = true, .empty_word = empty_word}; }

}  // namespace

std::vector<SchemaKey> run_keys() {
  return {
      {.key = "name",
       .field = TLAUNCH_FIELD(name),
       .meaning = "The run's name: its folder below run_root.",
       .default_note = "the file's stem",
       .may_change_on_resume = true,
       .check = is_folder_name,
       .expected = "text of at most 100 characters without '/'",
       .path = PathBase::name},
      {.key = "seed",
       .field = TLAUNCH_FIELD(seed),
       .meaning = "Seeds initial weights, shuffling, augmentation and dropout.",
       .rule = {.min = 0}},
      {.key = "deterministic",
       .field = TLAUNCH_FIELD(deterministic),
       .meaning = "Only kernels that give the same bits each time, at some speed."},
      {.key = "run_root",
       .field = TLAUNCH_FIELD(run_root),
       .meaning = "Where run folders are made; relative to the working directory.",
       .may_change_on_resume = true,
       .path = PathBase::as_written},

      {.key = "model.name",
       .field = TLAUNCH_FIELD(model.name),
       .meaning = "Which model; its own keys stand in the tables of models below.",
       .default_note = "required"},
      {.key = "model.weights",
       .field = TLAUNCH_FIELD(model.weights),
       .meaning = "A .safetensors file to start from; relative to the file this stands in, on the command line to the "
                  "working directory. none: initialise from seed.",
       .rule = {.empty_word = "none"},
       .path = PathBase::file_folder},
      {.key = "model.dtype",
       .field = TLAUNCH_FIELD(model.dtype),
       .meaning = "Type of parameters and arithmetic; float64 is for comparisons."},

      {.key = "data.name",
       .field = TLAUNCH_FIELD(data.name),
       .meaning = "Which data set; its own keys stand in the tables of data sets below.",
       .default_note = "required"},
      {.key = "data.root",
       .field = TLAUNCH_FIELD(data.root),
       .meaning =
           "Folder of its files; relative to the file this stands in, on the command line to the working directory.",
       .default_note = "the data set's own folder, where it has one",
       .path = PathBase::file_folder},
      {.key = "data.num_workers",
       .field = TLAUNCH_FIELD(data.num_workers),
       .unit = "threads a rank",
       .meaning = "Loader threads that prepare batches ahead; 0: none, in the training thread.",
       .rule = {.min = 0, .max = 1024, .empty_word = "auto"},
       .may_change_on_resume = true},
      {.key = "data.prefetch_factor",
       .field = TLAUNCH_FIELD(data.prefetch_factor),
       .unit = "batches a thread",
       .meaning = "How far the loader threads work ahead.",
       .rule = positive(1024, "auto"),
       .may_change_on_resume = true},
      {.key = "data.pin_memory",
       .field = TLAUNCH_FIELD(data.pin_memory),
       .meaning = "Batches in page-locked memory, for faster copies to a GPU.",
       .rule = {.empty_word = "auto"},
       .may_change_on_resume = true},

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
