#include <charconv>

#include "core/schema_keys.h"

namespace tlaunch {
namespace {

bool is_nproc(const std::string& text) {
  if (text == "auto" || text == "cpu" || text == "gpu") return true;
  int ranks = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ranks);
  return error == std::errc() && end == text.data() + text.size() && ranks >= 1 && ranks <= 65536;
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
                .spellings = {{"true", "auto"}, {"True", "auto"}, {"yes", "auto"}, {"on", "auto"},
                              {"false", "off"}, {"False", "off"}, {"no", "off"}}}},
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
       .meaning = "Interval of saves; the end of a run always saves.",
       .rule = positive(),
       .group = "checkpoint interval",
       .group_default = "1",
       .may_change_on_resume = true},
      {.key = "checkpoint.every_n_steps",
       .field = TLAUNCH_FIELD(checkpoint.every_n_steps),
       .unit = "steps",
       .meaning = "The same in optimizer steps.",
       .rule = positive(),
       .group = "checkpoint interval",
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
       .meaning = "The worker program: a name, looked for beside tlaunch and in PATH, or a path.",
       .may_change_on_resume = true},
      {.key = "launch.nproc",
       .field = TLAUNCH_FIELD(launch.nproc),
       .unit = "ranks",
       .meaning = "auto: one for each GPU, or 1 without; gpu: one for each GPU; cpu: one for each core allowed; or a "
                  "number.",
       .may_change_on_resume = true,
       .check = is_nproc,
       .expected = "an integer from 1 to 65536, or auto, cpu or gpu"},
      {.key = "launch.grace_s",
       .field = TLAUNCH_FIELD(launch.grace_s),
       .unit = "s",
       .meaning = "Time that ranks have to stop after SIGTERM before they are killed.",
       .rule = {.min = 0, .max = 86400},
       .may_change_on_resume = true},
  };
}

}  // namespace tlaunch
