#include <charconv>

#include "base/error.h"
#include "base/name_template.h"
#include "base/quantity.h"
#include "base/shell_words.h"
#include "config/schema_keys.h"

namespace tlaunch {
namespace {

bool is_nproc(const std::string& text) {
  if (text == "auto" || text == "cpu" || text == "gpu") return true;
  int ranks = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ranks);
  return error == std::errc() && end == text.data() + text.size() && ranks >= 1 && ranks <= 65536;
}

bool is_duration(const std::string& text) {
  try {
    return parse_duration_s("", text) > 0;
  } catch (const UsageError&) {
    return false;
  }
}

bool is_name_template(const std::string& text) {
  try {
    return NameTemplate(text), text.size() <= 200;
  } catch (const UsageError&) {
    return false;
  }
}

constexpr double largest_count = 1e12;

ValueRule positive(const char* empty_word = "") { return {.min = 1, .max = largest_count, .empty_word = empty_word}; }

}  // namespace

std::vector<SchemaKey> about_keys() {
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

      {.key = "gpu.mixed_precision",
       .field = TLAUNCH_FIELD(gpu.mixed_precision),
       .meaning = "Autocast type; bf16 on CPUs too. true is taken as auto and false as off.",
       .rule = {.empty_word = "auto",
                .spellings = {{"true", "auto"},
                              {"True", "auto"},
                              {"yes", "auto"},
                              {"on", "auto"},
                              {"false", "off"},
                              {"False", "off"},
                              {"no", "off"}}}},
      {.key = "gpu.tf32",
       .field = TLAUNCH_FIELD(gpu.tf32),
       .meaning = "TF32 in float32 matrix products and convolutions.",
       .rule = {.empty_word = "auto"}},
      {.key = "gpu.cudnn_benchmark",
       .field = TLAUNCH_FIELD(gpu.cudnn_benchmark),
       .meaning = "cuDNN times its algorithms for each shape and keeps the fastest; not with deterministic.",
       .rule = {.empty_word = "auto"}},
      {.key = "gpu.channels_last",
       .field = TLAUNCH_FIELD(gpu.channels_last),
       .meaning = "Images and convolution weights in memory order NHWC; on CPUs too.",
       .rule = {.empty_word = "auto"}},
      {.key = "gpu.empty_cache_freq",
       .field = TLAUNCH_FIELD(gpu.empty_cache_freq),
       .unit = "epochs",
       .meaning = "The caching allocator gives its unused memory back every so many epochs; 0: never.",
       .rule = {.min = 0, .max = 1e9}},

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
       .rule = positive("auto"),
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

      {.key = "log.log_interval",
       .field = TLAUNCH_FIELD(log.log_interval),
       .unit = "steps",
       .meaning = "Interval of loss lines, metrics and step events.",
       .rule = positive("auto"),
       .may_change_on_resume = true},
      {.key = "log.gpu_log_interval",
       .field = TLAUNCH_FIELD(log.gpu_log_interval),
       .unit = "steps",
       .meaning = "Interval of GPU figures: use, memory, temperature, power.",
       .rule = positive("auto"),
       .may_change_on_resume = true},
      {.key = "log.tensorboard",
       .field = TLAUNCH_FIELD(log.tensorboard),
       .meaning = "Write tensorboard/ in the run's folder.",
       .may_change_on_resume = true},
      {.key = "log.csv",
       .field = TLAUNCH_FIELD(log.csv),
       .meaning = "Write metrics.csv in the run's folder.",
       .may_change_on_resume = true},

      {.key = "launch.worker",
       .field = TLAUNCH_FIELD(launch.worker),
       .meaning = "The worker program: a name, looked for beside tlaunch and in PATH, or a path, relative to the file "
                  "this stands in, on the command line to the working directory.",
       .may_change_on_resume = true,
       .path = PathBase::program},
      {.key = "launch.nproc",
       .field = TLAUNCH_FIELD(launch.nproc),
       .unit = "ranks",
       .meaning = "auto: one for each GPU, or 1 without; gpu: one for each GPU; cpu: one for each core allowed; or a "
                  "number.",
       .may_change_on_resume = true,
       .check = is_nproc,
       .expected = "an integer from 1 to 65536, or auto, cpu or gpu"},
      {.key = "launch.threads_per_rank",
       .field = TLAUNCH_FIELD(launch.threads_per_rank),
       .unit = "threads",
       .meaning = "Threads that compute an operation on the CPU (OMP_NUM_THREADS); another number may add in another "
                  "order and so change the last bits of results.",
       .rule = {.min = 1, .max = 4096, .empty_word = "auto"},
       .default_note =
           "auto: OMP_NUM_THREADS where it is set, else the cores of a rank or what was measured to be faster",
       .may_change_on_resume = true},
      {.key = "launch.numa",
       .field = TLAUNCH_FIELD(launch.numa),
       .meaning = "node: each rank keeps to the cores of the NUMA node that its card is near to; without cards the "
                  "ranks share "
                  "the nodes out (docs/placement.md).",
       .may_change_on_resume = true},
      {.key = "launch.grace_s",
       .field = TLAUNCH_FIELD(launch.grace_s),
       .unit = "s",
       .meaning = "Time that ranks have to stop after SIGTERM before they are killed.",
       .rule = {.min = 0, .max = 86400},
       .may_change_on_resume = true},
      {.key = "launch.max_restarts",
       .field = TLAUNCH_FIELD(launch.max_restarts),
       .unit = "restarts",
       .meaning = "How many times a failed run is restarted, from its newest valid checkpoint.",
       .rule = {.min = 0, .max = 1e6},
       .may_change_on_resume = true},
      {.key = "launch.hang_timeout_s",
       .field = TLAUNCH_FIELD(launch.hang_timeout_s),
       .unit = "s",
       .meaning = "A run in which nothing moves for so long, or a rank is stopped or silent for so long, ends with 124 "
                  "(docs/command-line.md); start-up has 60 s at least.",
       .rule = {.min = 1, .max = 1e9, .empty_word = "auto"},
       .default_note = "auto: by phase, in a step 20 times what one takes, 60 s at least",
       .may_change_on_resume = true},
      {.key = "launch.max_time",
       .field = TLAUNCH_FIELD(launch.max_time),
       .meaning = "Time from the start of tlaunch, tuning and restarts included, after which the run is saved and ends "
                  "with 75, as after SIGTERM.",
       .rule = {.empty_word = "none"},
       .may_change_on_resume = true,
       .check = is_duration,
       .expected = "a time with its unit such as 8h, 90min or 1d 12h, or none"},
      {.key = "launch.on_end",
       .field = TLAUNCH_FIELD(launch.on_end),
       .meaning = "Command that is run once when the run has ended, however it ended, with TLAUNCH_STATUS, "
                  "TLAUNCH_REASON and more in its environment (docs/command-line.md); for a shell: sh -c '...'. A "
                  "program with a slash in it is relative to the file this stands in, on the command line to the "
                  "working directory.",
       .rule = {.empty_word = "none"},
       .may_change_on_resume = true,
       .check = is_command,
       .expected = "a program and its arguments, quoted as in a shell, or none",
       .path = PathBase::command},

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
