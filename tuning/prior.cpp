#include "tuning/prior.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "base/units.h"
#include "config/batch_advice.h"
#include "config/cadence.h"
#include "config/effective_batch.h"
#include "contract/planned_rate.h"
#include "tuning/batch_limit.h"
#include "tuning/search/batch_candidates.h"

namespace tlaunch {
namespace {

constexpr const char* set_by_user = "set in the config";
constexpr std::int64_t gpu_loader_threads = 4, gpu_prefetch = 4, cpu_prefetch = 2;
constexpr std::int64_t log_interval_steps = 10, gpu_log_interval_steps = 50, save_interval_steps = 1000;

// What one rule says: a value, and why.
template <class T>
struct Ruled {
  T value;
  std::string reason;
};

// All that the rules look at.
struct Situation {
  const RunConfig& config;
  const HardwareProfile& hardware;
  const JobShape& job;
  std::vector<GpuInfo> cards = {};  // in use on this node; none: the run is on the CPU
  bool on_gpu = false, image = false, float64 = false;
  int capability_major = 0;     // of the oldest card
  std::string capability = {};  // "8.6"
};

// The settings must fit every card in use: the first ones, one per rank. Other nodes are assumed to be like this one.
Situation situation_of(const RunConfig& config, const HardwareProfile& hardware, const JobShape& job) {
  Situation situation{config, hardware, job};
  situation.on_gpu = job.on_gpu && !hardware.gpus.empty();
  situation.image = job.sample_kind == "image";
  situation.float64 = config.model.dtype == FloatType::float64;
  if (!situation.on_gpu) return situation;
  const auto ranks = std::min(job.world_size, static_cast<std::int64_t>(hardware.gpus.size()));
  situation.cards.assign(hardware.gpus.begin(), hardware.gpus.begin() + std::max<std::int64_t>(1, ranks));
  const auto older = [](const GpuInfo& a, const GpuInfo& b) {
    return std::pair(a.capability_major, a.capability_minor) < std::pair(b.capability_major, b.capability_minor);
  };
  const GpuInfo& oldest = *std::min_element(situation.cards.begin(), situation.cards.end(), older);
  situation.capability_major = oldest.capability_major;
  situation.capability = format_text("{}.{}", oldest.capability_major, oldest.capability_minor);
  return situation;
}

template <class T>
Choice choice_of(const char* key, const std::optional<T>& fixed, const Ruled<T>& rule) {
  if (fixed) return {key, *fixed, Origin::user, set_by_user};
  return {key, rule.value, Origin::prior, rule.reason};
}

std::int64_t effective_batch(const Situation& now) {
  if (const auto& fixed = now.config.train.effective_batch_size) return *fixed;
  if (now.job.effective_batch_size) return *now.job.effective_batch_size;
  return closest_effective_batch(now.config.train, now.job.world_size, now.job.train_samples);
}

Choice effective_batch_choice(const Situation& now, std::int64_t batch, const std::string& sizes) {
  const TrainConfig& train = now.config.train;
  const JobShape& job = now.job;
  const char* key = "train.effective_batch_size";
  if (train.effective_batch_size)
    return {key, batch, Origin::user, "set in the config and never changed, so that results compare between machines"};
  if (job.effective_batch_size) return {key, batch, Origin::user, "that of the resumed run, which a resume keeps"};
  if (train.batch_size && train.gradient_accumulation_steps)
    return {key, batch, Origin::prior, "the product of the micro-batch and the accumulation that are set: " + sizes};
  if (batch == reference_effective_batch)
    return {key, batch, Origin::prior,
            format_text("{} samples, for which the learning rate is written: {}", reference_effective_batch, sizes)};
  const std::string within = job.train_samples > 0 && job.train_samples < reference_effective_batch
                                 ? format_text(" within the {} training samples", job.train_samples)
                                 : "";
  return {key, batch, Origin::prior,
          format_text("the closest to {} that the ranks can share{}: {}", reference_effective_batch, within, sizes)};
}

// If the data set does not say, the model's stem does: the large one is made for 224 px.
std::int64_t image_side_px(const RunConfig& config) {
  const auto& data = config.data.options.values();
  const auto& model = config.model.options.values();
  if (const auto size = data.find("image_size"); size != data.end()) {
    if (const auto* px = std::get_if<std::int64_t>(&size->second); px && *px > 0) return *px;
  }
  if (const auto stem = model.find("stem"); stem != model.end() && stem->second == OptionValue("large")) return 224;
  return 64;
}

struct TableLimit {
  BatchLimit limit;
  std::string row;  // of the table
};

TableLimit tightest_limit(const Situation& now) {
  const std::int64_t side_px = image_side_px(now.config);
  if (!now.on_gpu) return {batch_limit("cpu", now.job.sample_kind, side_px), "cpu"};
  std::optional<TableLimit> least;
  for (const GpuInfo& gpu : now.cards) {
    const std::string row = batch_table_row(gpu);
    const BatchLimit limit = batch_limit(row, now.job.sample_kind, side_px);
    if (!least || limit.micro_batch < least->limit.micro_batch) least = {limit, row};
  }
  return *least;
}

void add_batch(const Situation& now, Plan& plan) {
  const auto [limit, row] = tightest_limit(now);
  const TrainConfig& train = now.config.train;
  const BatchAdvice advice{now.job.train_samples, /*other_effective=*/!now.job.effective_batch_size};
  const BatchSplit split = split_batch(effective_batch(now), now.job.world_size, train.batch_size,
                                       train.gradient_accumulation_steps, limit.micro_batch, advice);
  const std::string ranks = format_number_of(now.job.world_size, "rank");
  const std::string sizes = product(split);
  const std::string largest =
      train.gradient_accumulation_steps
          ? "follows from the accumulation set in the config: " + sizes
          : format_text("the largest {}that splits {} equally over {}, up to {}, the table's limit for {} on {}",
                        split.micro_batch % 4 == 0 ? "multiple of 4 " : "", split.effective(), ranks, limit.micro_batch,
                        limit.column, now.on_gpu ? format_text("a {} GPU", row) : "a CPU");
  plan.choices.push_back(choice_of("train.batch_size", train.batch_size, {split.micro_batch, largest}));
  plan.choices.push_back(choice_of("train.gradient_accumulation_steps", train.gradient_accumulation_steps,
                                   {split.accumulation, "makes up the effective batch: " + sizes}));
  plan.choices.push_back(effective_batch_choice(now, split.effective(), sizes));
  scale_learning_rate(plan, train);
}

Ruled<Precision> precision_rule(const Situation& now) {
  if (now.float64) return {Precision::fp32, "the model computes in float64, which mixed precision would undo"};
  if (!now.on_gpu) {
    return {Precision::fp32,
            "bf16 on CPUs was measured from 1.3 times faster to 80 times slower than float32, so it is not guessed"};
  }
  if (now.capability_major >= 8 && now.job.sample_kind == "keys") {
    return {Precision::fp32,
            "autocast gives cuDNN's LSTM fp16 even if bf16 is asked for, and casts its weights again each step; "
            "float32 runs in tensor cores too if tf32 is on, and needs no loss scaling"};
  }
  if (now.capability_major >= 8) {
    return {
        Precision::bf16,
        format_text(
            "compute capability {} multiplies bf16 in tensor cores, and bf16 has float32's range, so nothing overflows",
            now.capability)};
  }
  if (now.capability_major == 7) {
    return {Precision::fp16,
            format_text("compute capability {} has tensor cores for fp16 but not for bf16", now.capability)};
  }
  return {Precision::fp32, format_text("compute capability {} has no tensor cores", now.capability)};
}

// TF32 gives the same bits every time, so `deterministic` allows it. PyTorch turns it on for convolutions and off for
// other matrix products; here one switch covers both.
Ruled<bool> tf32_rule(const Situation& now) {
  if (!now.on_gpu) return {false, "a setting of GPUs; this run is on the CPU"};
  if (now.float64) return {false, "the model computes in float64, which TF32 does not touch"};
  if (now.capability_major < 8) return {false, format_text("compute capability {} has no TF32", now.capability)};
  return {true,
          "what stays in float32 runs in tensor cores with float32's range and 10 bits of mantissa; the same "
          "bits every time, so it is compatible with deterministic"};
}

Ruled<bool> cudnn_benchmark_rule(const Situation& now) {
  if (!now.on_gpu) return {false, "a setting of GPUs; this run is on the CPU"};
  if (!now.image) return {false, "it times convolution algorithms, and this model has none"};
  if (now.config.deterministic)
    return {false, "its timings may pick another algorithm in each run; deterministic is set"};
  return {true, "all batches have one shape, so timing the convolution algorithms once pays (5 to 10 %)"};
}

Ruled<bool> channels_last_rule(const Situation& now, Precision precision) {
  if (!now.image) return {false, "a memory layout for images"};
  if (now.float64) return {false, "the fast kernels for this layout do not take float64"};
  if (!now.on_gpu)
    return {true,
            "the CPU's convolution kernels work in this layout: 1.6 times faster, measured together "
            "with the fused optimizer"};
  if (now.capability_major < 7)
    return {false, format_text("compute capability {} has no tensor cores to gain from it", now.capability)};
  if (precision == Precision::fp32) return {false, "it pays with mixed precision, which is off"};
  return {true, "tensor cores read images in this layout; otherwise each convolution converts them"};
}

// The precision that the config asks for, or else the rule's: other rules follow from it.
Precision add_precision(const Situation& now, Plan& plan) {
  const auto& fixed = now.config.gpu.mixed_precision;
  if (!fixed) {
    const Ruled<Precision> rule = precision_rule(now);
    plan.choices.push_back({"gpu.mixed_precision", to_string(rule.value), Origin::prior, rule.reason});
    return rule.value;
  }
  if (const auto problem = precision_problem(now.cards, *fixed)) throw UsageError(*problem);
  std::string reason = set_by_user;
  if (*fixed == Precision::bf16 && now.on_gpu && now.job.sample_kind == "keys")
    reason += "; cuDNN's LSTM computes in fp16 all the same, so the loss is scaled as for fp16";
  plan.choices.push_back({"gpu.mixed_precision", to_string(*fixed), Origin::user, reason});
  return *fixed;
}

void add_kernels(const Situation& now, Precision precision, Plan& plan) {
  const auto& gpu = now.config.gpu;
  plan.choices.push_back(choice_of("gpu.tf32", gpu.tf32, tf32_rule(now)));
  plan.choices.push_back(choice_of("gpu.cudnn_benchmark", gpu.cudnn_benchmark, cudnn_benchmark_rule(now)));
  plan.choices.push_back(choice_of("gpu.channels_last", gpu.channels_last, channels_last_rule(now, precision)));
}

Ruled<std::int64_t> num_workers_rule(const Situation& now) {
  if (!now.on_gpu)
    return {1,
            "making batches takes under 1 % of a CPU step; one thread does it ahead of time and leaves the "
            "cores to training"};
  const auto ranks = static_cast<std::int64_t>(now.cards.size());  // of this node: others do not share these cores
  const std::int64_t cores =
      now.job.cores_per_rank.value_or(std::max<std::int64_t>(1, now.hardware.cpu.allowed_cores / ranks));
  return {std::clamp<std::int64_t>(cores - 1, 1, gpu_loader_threads),
          format_text("{} for each rank: one drives the GPU, up to {} others make batches",
                      format_number_of(cores, "core"), gpu_loader_threads)};
}

Ruled<std::int64_t> prefetch_factor_rule(const Situation& now) {
  if (now.on_gpu) return {gpu_prefetch, "batches ready for each loader thread, so that the GPU rides out a slow read"};
  return {cpu_prefetch, "one batch in use and one ready for each loader thread"};
}

Ruled<bool> pin_memory_rule(const Situation& now) {
  if (now.on_gpu) return {true, "page-locked batches are copied to the GPU while it computes"};
  return {false, "batches stay in main memory"};
}

void add_loading(const Situation& now, Plan& plan) {
  const auto& data = now.config.data;
  plan.choices.push_back(choice_of("data.num_workers", data.num_workers, num_workers_rule(now)));
  plan.choices.push_back(choice_of("data.prefetch_factor", data.prefetch_factor, prefetch_factor_rule(now)));
  plan.choices.push_back(choice_of("data.pin_memory", data.pin_memory, pin_memory_rule(now)));
}

Choice threads_choice(const Situation& now) {
  const char* key = "launch.threads_per_rank";
  const auto& fixed = now.config.launch.threads_per_rank;
  if (!fixed && now.job.omp_num_threads)
    return {key, *now.job.omp_num_threads, Origin::user, "OMP_NUM_THREADS, set in the environment"};
  const auto cores = cores_of_a_rank(now.hardware, now.job);
  return choice_of(key, fixed, {cores, format_text("one per core: each rank has {}", format_number_of(cores, "core"))});
}

void add_intervals(const Situation& now, Plan& plan) {
  const auto& log = now.config.log;
  plan.choices.push_back(
      choice_of("log.log_interval", log.log_interval,
                {log_interval_steps, "reading the loss makes the device wait, so not at every step"}));
  plan.choices.push_back(choice_of("log.gpu_log_interval", log.gpu_log_interval,
                                   {gpu_log_interval_steps, "reading the GPU's figures takes about a millisecond"}));
  if (save_interval_is_open(now.config.checkpoint))
    plan.choices.push_back(
        {"checkpoint.every_n_steps", save_interval_steps, Origin::prior, "a save costs no more than a few steps"});
}

}  // namespace

std::optional<std::string> precision_problem(const std::vector<GpuInfo>& cards, Precision precision) {
  if (precision != Precision::bf16) return std::nullopt;
  for (const GpuInfo& card : cards) {
    if (card.capability_major >= 8) continue;
    return format_text(
        "gpu.mixed_precision=bf16: {} has compute capability {}.{}, and bf16 needs 8.0 or higher; set "
        "gpu.mixed_precision={} or auto",
        card.name, card.capability_major, card.capability_minor, card.capability_major == 7 ? "fp16" : "off");
  }
  return std::nullopt;
}

Plan prior_plan(const RunConfig& config, const HardwareProfile& hardware, const JobShape& job) {
  const Situation now = situation_of(config, hardware, job);
  Plan plan;
  plan.world_size = job.world_size;
  add_batch(now, plan);
  const Precision precision = add_precision(now, plan);
  add_kernels(now, precision, plan);
  add_loading(now, plan);
  plan.choices.push_back(threads_choice(now));
  add_intervals(now, plan);
  return plan;
}

}  // namespace tlaunch
