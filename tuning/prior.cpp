#include "tuning/prior.h"

#include <algorithm>

#include "base/error.h"
#include "base/units.h"
#include "config/batch_advice.h"
#include "config/cadence.h"
#include "config/effective_batch.h"
#include "contract/planned_rate.h"
#include "tuning/batch_limit.h"

namespace tlaunch {
namespace {

constexpr const char* set_by_user = "set in the config";
constexpr std::int64_t gpu_loader_threads = 4, gpu_prefetch = 4, cpu_prefetch = 2;
constexpr std::int64_t log_interval_steps = 10, gpu_log_interval_steps = 50, save_interval_steps = 1000;

// A value and why, of one rule.
template <class T>
struct Ruled {
  T value;
  std::string reason;
};

class PriorPlan {
 public:
  PriorPlan(const RunConfig& config, const HardwareProfile& hardware, const JobShape& job)
      : config_(config), hardware_(hardware), job_(job) {
    plan_.world_size = job.world_size;
    gpu_ = job.on_gpu && !hardware.gpus.empty();
    image_ = job.sample_kind == "image";
    float64_ = config.model.dtype == FloatType::float64;
    if (gpu_) find_cards();
  }

  Plan make() {
    decide_batch();
    decide_precision();
    decide_kernels();
    decide_loading();
    decide_threads();
    decide_logging();
    return std::move(plan_);
  }

 private:
  // The settings must fit every card in use: the first ones, one a rank (other nodes are taken to be like this one).
  void find_cards() {
    const auto ranks = std::min(job_.world_size, static_cast<std::int64_t>(hardware_.gpus.size()));
    cards_.assign(hardware_.gpus.begin(), hardware_.gpus.begin() + std::max<std::int64_t>(1, ranks));
    const auto older = [](const GpuInfo& a, const GpuInfo& b) {
      return std::pair(a.capability_major, a.capability_minor) < std::pair(b.capability_major, b.capability_minor);
    };
    const GpuInfo& oldest = *std::min_element(cards_.begin(), cards_.end(), older);
    capability_major_ = oldest.capability_major;
    capability_ = std::to_string(oldest.capability_major) + "." + std::to_string(oldest.capability_minor);
  }

  template <class T>
  void choose(const char* key, const std::optional<T>& fixed, const Ruled<T>& rule) {
    if (fixed) {
      plan_.choices.push_back({key, *fixed, Origin::user, set_by_user});
    } else {
      plan_.choices.push_back({key, rule.value, Origin::prior, rule.reason});
    }
  }

  std::int64_t effective_batch() const {
    if (const auto& fixed = config_.train.effective_batch_size) return *fixed;
    if (job_.effective_batch_size) return *job_.effective_batch_size;
    return closest_effective_batch(config_.train, job_.world_size, job_.train_samples);
  }

  Choice effective_batch_choice(std::int64_t batch, const std::string& product) const {
    const TrainConfig& train = config_.train;
    const char* key = "train.effective_batch_size";
    if (train.effective_batch_size)
      return {key, batch, Origin::user, "from the config, never changed, so that results compare between machines"};
    if (job_.effective_batch_size) return {key, batch, Origin::user, "the resumed run's own, which a resume keeps"};
    if (train.batch_size && train.gradient_accumulation_steps)
      return {key, batch, Origin::prior, "what the micro-batch and the accumulation set make: " + product};
    const std::string reference = std::to_string(reference_effective_batch);
    if (batch == reference_effective_batch)
      return {key, batch, Origin::prior, reference + " samples, for which the learning rate is written: " + product};
    const std::string within = job_.train_samples > 0 && job_.train_samples < reference_effective_batch
                                   ? " within the " + std::to_string(job_.train_samples) + " training samples"
                                   : "";
    return {key, batch, Origin::prior, "the closest to " + reference + " that can be shared" + within + ": " + product};
  }

  void decide_batch() {
    const BatchLimit limit = tightest_limit();
    const TrainConfig& train = config_.train;
    const BatchAdvice advice{job_.train_samples, /*other_effective=*/!job_.effective_batch_size};
    const BatchSplit split = split_batch(effective_batch(), job_.world_size, train.batch_size,
                                         train.gradient_accumulation_steps, limit.micro_batch, advice);
    const std::string ranks = format_number_of(job_.world_size, "rank");
    const std::string product = std::to_string(split.micro_batch) + " x " + std::to_string(split.accumulation) + " x " +
                                ranks + " = " + std::to_string(split.effective());
    const std::string largest = train.gradient_accumulation_steps
                                    ? "what the accumulation set in the config leaves: " + product
                                    : std::string("the largest ") +
                                          (split.micro_batch % 4 == 0 ? "multiple of 4 " : "") + "that shares " +
                                          std::to_string(split.effective()) + " equally over " + ranks + " within " +
                                          std::to_string(limit.micro_batch) + ", the table's limit for " +
                                          limit.column + " on " + (gpu_ ? "a " + table_row_ + " GPU" : "a CPU");
    choose("train.batch_size", train.batch_size, {split.micro_batch, largest});
    choose("train.gradient_accumulation_steps", train.gradient_accumulation_steps,
           {split.accumulation, "makes up the effective batch: " + product});
    plan_.choices.push_back(effective_batch_choice(split.effective(), product));
    scale_learning_rate(plan_, train);
  }

  BatchLimit tightest_limit() {
    if (!gpu_) return batch_limit("cpu", job_.sample_kind, image_side_px());
    std::optional<BatchLimit> least;
    for (const GpuInfo& gpu : cards_) {
      const std::string row = batch_table_row(gpu);
      const BatchLimit limit = batch_limit(row, job_.sample_kind, image_side_px());
      if (least && limit.micro_batch >= least->micro_batch) continue;
      least = limit;
      table_row_ = row;
    }
    return *least;
  }

  // Where the data set does not say, the stem does: the large one is made for 224 px.
  std::int64_t image_side_px() const {
    const auto& data = config_.data.options.values();
    const auto& model = config_.model.options.values();
    if (const auto size = data.find("image_size"); size != data.end()) {
      if (const auto* px = std::get_if<std::int64_t>(&size->second); px && *px > 0) return *px;
    }
    if (const auto stem = model.find("stem"); stem != model.end() && stem->second == OptionValue("large")) return 224;
    return 64;
  }

  Ruled<Precision> precision_rule() const {
    if (float64_) return {Precision::fp32, "the model computes in float64, which mixed precision would undo"};
    if (!gpu_) {
      return {Precision::fp32,
              "bf16 on CPUs was measured from 1.3 times faster to 80 times slower than float32, so it is not guessed"};
    }
    if (capability_major_ >= 8 && job_.sample_kind == "keys") {
      return {Precision::fp32,
              "autocast gives cuDNN's LSTM fp16 even where bf16 is asked for, and casts its weights again each step; "
              "float32 runs in tensor cores too where tf32 is on, and needs no loss scaling"};
    }
    if (capability_major_ >= 8) {
      return {Precision::bf16,
              "compute capability " + capability_ +
                  " multiplies bf16 in tensor cores, and bf16 has float32's range, so nothing overflows"};
    }
    if (capability_major_ == 7) {
      return {Precision::fp16, "compute capability " + capability_ + " has tensor cores for fp16 but not for bf16"};
    }
    return {Precision::fp32, "compute capability " + capability_ + " has no tensor cores"};
  }

  void decide_precision() {
    const Ruled<Precision> rule = precision_rule();
    const auto& fixed = config_.gpu.mixed_precision;
    if (const auto problem = fixed ? precision_problem(cards_, *fixed) : std::nullopt) throw UsageError(*problem);
    mixed_ = fixed.value_or(rule.value) != Precision::fp32;
    const auto text = fixed ? std::optional<std::string>(to_string(*fixed)) : std::nullopt;
    choose<std::string>("gpu.mixed_precision", text, {to_string(rule.value), rule.reason});
    if (fixed == Precision::bf16 && gpu_ && job_.sample_kind == "keys")
      plan_.choices.back().reason += "; cuDNN's LSTM computes in fp16 all the same, so the loss is scaled as for fp16";
    choose("gpu.tf32", config_.gpu.tf32, tf32_rule());
  }

  // TF32 gives the same bits every time, so `deterministic` has nothing against it. PyTorch has it on for convolutions
  // and off for other matrix products; here one switch covers both.
  Ruled<bool> tf32_rule() const {
    if (!gpu_) return {false, "a setting of GPUs; this run is on the CPU"};
    if (float64_) return {false, "the model computes in float64, which TF32 does not touch"};
    if (capability_major_ < 8) return {false, "compute capability " + capability_ + " has no TF32"};
    return {true,
            "what stays in float32 runs in tensor cores with float32's range and 10 bits of mantissa; the same "
            "bits every time, so it is compatible with deterministic"};
  }

  Ruled<bool> cudnn_benchmark_rule() const {
    if (!gpu_) return {false, "a setting of GPUs; this run is on the CPU"};
    if (!image_) return {false, "it times convolution algorithms, and this model has none"};
    if (config_.deterministic)
      return {false, "its timings may pick another algorithm in each run; deterministic is set"};
    return {true, "all batches have one shape, so timing the convolution algorithms once pays (5 to 10 %)"};
  }

  Ruled<bool> channels_last_rule() const {
    if (!image_) return {false, "a memory layout for images"};
    if (float64_) return {false, "the fast kernels for this layout do not take float64"};
    if (!gpu_)
      return {true,
              "the CPU's convolution kernels work in this layout: 1.6 times faster, measured together "
              "with the fused optimizer"};
    if (capability_major_ < 7)
      return {false, "compute capability " + capability_ + " has no tensor cores to gain from it"};
    if (!mixed_) return {false, "it pays with mixed precision, which is off"};
    return {true, "tensor cores read images in this layout; otherwise each convolution converts them"};
  }

  void decide_kernels() {
    choose("gpu.cudnn_benchmark", config_.gpu.cudnn_benchmark, cudnn_benchmark_rule());
    choose("gpu.channels_last", config_.gpu.channels_last, channels_last_rule());
  }

  Ruled<std::int64_t> num_workers_rule() const {
    if (!gpu_)
      return {1,
              "making batches takes under 1 % of a CPU step; one thread does it ahead of time and leaves the "
              "cores to training"};
    const auto ranks = static_cast<std::int64_t>(cards_.size());  // of this node: others do not share these cores
    const std::int64_t cores =
        job_.cores_per_rank.value_or(std::max<std::int64_t>(1, hardware_.cpu.allowed_cores / ranks));
    return {std::clamp<std::int64_t>(cores - 1, 1, gpu_loader_threads),
            format_number_of(cores, "core") + " for each rank: one drives the GPU, up to " +
                std::to_string(gpu_loader_threads) + " others make batches"};
  }

  void decide_loading() {
    choose("data.num_workers", config_.data.num_workers, num_workers_rule());
    choose("data.prefetch_factor", config_.data.prefetch_factor,
           gpu_ ? Ruled<std::int64_t>{gpu_prefetch,
                                      "batches ready for each loader thread, so that the GPU rides out a "
                                      "slow read"}
                : Ruled<std::int64_t>{cpu_prefetch, "one batch in use and one ready for each loader thread"});
    choose("data.pin_memory", config_.data.pin_memory,
           gpu_ ? Ruled<bool>{true, "page-locked batches are copied to the GPU while it computes"}
                : Ruled<bool>{false, "batches stay in main memory"});
  }

  void decide_threads() {
    const auto& fixed = config_.launch.threads_per_rank;
    if (!fixed && job_.omp_num_threads) {
      plan_.choices.push_back(
          {"launch.threads_per_rank", *job_.omp_num_threads, Origin::user, "OMP_NUM_THREADS, set in the environment"});
      return;
    }
    const auto cores = cores_of_a_rank(hardware_, job_);
    choose("launch.threads_per_rank", fixed,
           Ruled<std::int64_t>{cores, "one for each of the cores of a rank (" + std::to_string(cores) + ")"});
  }

  void decide_logging() {
    choose<std::int64_t>("log.log_interval", config_.log.log_interval,
                         {log_interval_steps, "reading the loss makes the device wait, so not at every step"});
    choose<std::int64_t>("log.gpu_log_interval", config_.log.gpu_log_interval,
                         {gpu_log_interval_steps, "reading the GPU's figures takes about a millisecond"});
    if (save_interval_is_open(config_.checkpoint))
      choose<std::int64_t>("checkpoint.every_n_steps", std::nullopt,
                           {save_interval_steps, "a save costs no more than a few steps"});
  }

  const RunConfig& config_;
  const HardwareProfile& hardware_;
  const JobShape& job_;
  Plan plan_;
  std::vector<GpuInfo> cards_;
  bool gpu_ = false, image_ = false, float64_ = false, mixed_ = false;
  int capability_major_ = 0;
  std::string capability_, table_row_;
};

}  // namespace

std::optional<std::string> precision_problem(const std::vector<GpuInfo>& cards, Precision precision) {
  if (precision != Precision::bf16) return std::nullopt;
  for (const GpuInfo& card : cards) {
    if (card.capability_major >= 8) continue;
    return "gpu.mixed_precision=bf16: " + card.name + " has compute capability " +
           std::to_string(card.capability_major) + "." + std::to_string(card.capability_minor) +
           ", and bf16 needs 8.0 or higher; set gpu.mixed_precision=" +
           (card.capability_major == 7 ? "fp16 or auto" : "off or auto");
  }
  return std::nullopt;
}

Plan prior_plan(const RunConfig& config, const HardwareProfile& hardware, const JobShape& job) {
  return PriorPlan(config, hardware, job).make();
}

}  // namespace tlaunch
