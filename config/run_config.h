// The settings of a run as plain values. An empty optional means `auto` (tuning decides) or, if the comment says so,
// "off" or "none". The initialisers here are the defaults. Keys, units, meanings and bounds are in schema_SECTION.cpp,
// next to the binding to these members. config_loader.h makes a RunConfig from YAML.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "config/options.h"

namespace tlaunch {

enum class Precision { fp32, fp16, bf16 };  // gpu.mixed_precision: off | fp16 | bf16
enum class FloatType { float32, float64 };
enum class OptimizerKind { sgd, adam, adamw };
enum class ScheduleKind { cosine, step, constant };
enum class MonitorMode { min, max };  // which of two metrics is the better one
// Effective batch for which train.learning_rate is given if train.effective_batch_size is auto.
inline constexpr std::int64_t reference_effective_batch = 256;

enum class OnNan { stop, skip, rollback };  // the action on a loss or gradient that is not finite
enum class NumaBinding { none, node };      // node: a rank is pinned to the cores of its GPU's NUMA node

struct ModelConfig {
  std::string name;
  std::optional<std::string> weights;  // none: initialise from seed; else a .safetensors file
  FloatType dtype = FloatType::float32;
  Options options;  // the model's own keys, every one with a value
};

struct DataConfig {
  std::string name;
  std::string root;  // absolute
  std::optional<std::int64_t> num_workers, prefetch_factor;
  std::optional<bool> pin_memory;
  Options options;  // the data set's own keys, every one with a value
};

struct TrainConfig {
  // Exactly one of the three is set.
  std::optional<std::int64_t> epochs, max_steps;
  std::optional<double> kimg;              // thousand samples
  std::optional<std::int64_t> batch_size;  // micro-batch of one rank
  // micro-batch x accumulation x world size
  std::optional<std::int64_t> effective_batch_size = reference_effective_batch;
  std::optional<std::int64_t> gradient_accumulation_steps;
  OptimizerKind optimizer = OptimizerKind::adamw;
  double momentum = 0, learning_rate = 1e-3, weight_decay = 0.01;
  ScheduleKind schedule = ScheduleKind::cosine;
  std::optional<std::int64_t> step_epochs;  // none unless schedule is step
  double step_gamma = 0.1;
  std::optional<std::int64_t> warmup_steps;
  std::optional<double> clip_grad_norm;  // none: off
  OnNan on_nan = OnNan::stop;
  std::optional<std::int64_t> early_stopping_patience;  // evaluations without improvement; none: off
};

struct EvalConfig {
  // Exactly one is set.
  std::optional<std::int64_t> every_n_epochs, every_n_steps;
  std::optional<double> every_n_kimg;
};

struct GpuConfig {
  std::optional<Precision> mixed_precision;
  std::optional<bool> tf32, cudnn_benchmark, channels_last;
  std::int64_t empty_cache_freq = 0;  // epochs; 0: never
};

struct CheckpointConfig {
  std::optional<std::string> dirpath;  // none: <run>/checkpoints
  std::int64_t save_top_k = 1;         // -1: all
  bool save_last = true;
  // At most one is set; none: every_n_steps is auto. A run also saves at its end.
  std::optional<std::int64_t> every_n_epochs, every_n_steps;
  std::optional<double> every_n_kimg, every_minutes;
  std::string monitor = "val_loss";
  MonitorMode mode = MonitorMode::min;
  std::string filename = "epoch_{epoch:02d}-step_{step}";
  bool async = true;
  std::optional<double> min_free_gb;  // to leave free for others; none: 0
};

struct LogConfig {
  std::optional<std::int64_t> log_interval, gpu_log_interval;  // steps
  bool tensorboard = true, csv = true;
};

struct LaunchConfig {
  std::string worker = "tlaunch-worker";
  std::string nproc = "auto";                    // auto | cpu | gpu | a number
  std::optional<std::int64_t> threads_per_rank;  // intra-op threads of LibTorch
  // Off, as in torchrun: a single rank on a GPU would lose the cores of all other nodes, also for loading data.
  NumaBinding numa = NumaBinding::none;
  double grace_s = 30;
  std::int64_t max_restarts = 0;
  std::optional<double> hang_timeout_s;  // none: limits by phase and measured step time
  std::optional<std::string> max_time;   // "8h" (base/quantity.h), since tlaunch started
  std::optional<std::string> on_end;     // a command (base/shell_words.h)
};

struct TuneConfig {
  bool enabled = true, cache = true, keep_micro_batch = false;
  std::optional<double> budget_s;  // none: a tenth of the estimated run, 5 to 60 s
  std::optional<double> margin;    // share of memory to leave free; none: by tier
  std::optional<std::string> team_file;
};

struct RunConfig {
  std::string name;
  std::int64_t seed = 0;
  bool deterministic = false;
  std::string run_root = "runs";
  ModelConfig model;
  DataConfig data;
  TrainConfig train;
  EvalConfig eval;
  GpuConfig gpu;
  CheckpointConfig checkpoint;
  LogConfig log;
  LaunchConfig launch;
  TuneConfig tune;
};

const char* to_string(Precision);  // "off", "fp16", "bf16"
const char* to_string(FloatType);
const char* to_string(OptimizerKind);
const char* to_string(ScheduleKind);
const char* to_string(MonitorMode);
const char* to_string(OnNan);
const char* to_string(NumaBinding);

}  // namespace tlaunch
