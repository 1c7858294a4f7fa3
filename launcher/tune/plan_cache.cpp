#include "launcher/tune/plan_cache.h"

#include <cmath>
#include <filesystem>

#include "base/cache_folder.h"
#include "base/crc32c.h"
#include "config/cadence.h"
#include "config/config_loader.h"
#include "hardware/numa.h"
#include "launcher/job/cache_file.h"
#include "launcher/job/worker_binary.h"

namespace tlaunch {
namespace {

constexpr int format = 2;  // files of another format are not read

// Whether a key can change the time or the memory of a step.
bool bears_on_a_step(const std::string& key) {
  for (const char* prefix : {"name", "seed", "run_root", "eval.", "checkpoint.", "launch.", "tune.", "log.tensorboard",
                             "log.csv", "train.epochs", "train.max_steps", "train.kimg", "train.schedule",
                             "train.step_", "train.warmup_steps", "train.learning_rate", "train.early_stopping"})
    if (key.starts_with(prefix)) return false;
  return true;
}

std::string path_of(const Json& key) {
  const std::string folder = cache_folder(), text = text_of(key);
  return folder.empty() ? "" : folder + "/plans/" + content_name(std::as_bytes(std::span(text))) + ".json";
}

}  // namespace

Json plan_cache_key(const Job& job, const RunConfig& config, std::uint64_t budget_bytes) {
  Json keys = Json::object();
  for (const auto& [key, value] : flatten(config))
    if (bears_on_a_step(key)) keys[key] = value;
  // Under another key than one that the config fixes, because the plan then includes the learning rate.
  if (job.effective_batch_size && !config.train.effective_batch_size)
    keys["resumed.effective_batch_size"] = *job.effective_batch_size;
  if (save_interval_is_open(config.checkpoint))
    keys["checkpoint.every_n_steps"] = "auto";  // the plan then includes one
  keys["tune.keep_micro_batch"] = config.tune.keep_micro_batch;
  // Threads are fixed by the config or by the environment.
  const Choice* threads = job.plan.find("launch.threads_per_rank");
  const bool threads_fixed = threads && threads->origin == Origin::user;
  Json cards = Json::array();
  if (job.world.on_gpu)
    for (const GpuInfo& gpu : job.hardware.gpus) cards.push_back(gpu.uuid);
  Json key = {
      {"format", format},
      {"config", keys},
      {"worker", std::filesystem::path(describe_cache_path(job.worker_path)).filename().string()},
      {"libtorch", job.worker.torch_version},
      {"gpus", cards},
      {"driver", job.hardware.driver_version},
      {"cpu", job.hardware.cpu.model},
      {"cores", job.hardware.cpu.allowed_cores},
      {"threads", threads_fixed ? threads->value : Json(nullptr)},
      {"world_size", job.world.size},
      {"memory_band", std::lround(2 * std::log2(static_cast<double>(std::max<std::uint64_t>(budget_bytes, 1))))}};
  if (is_pinned(job.placement)) {  // absent otherwise, so that plans from before pinning existed stay usable
    for (const RankPlacement& rank : job.placement.ranks) key["pinned"].push_back(list_of_numbers(rank.cores));
  }
  return key;
}

namespace {

std::optional<TuneOutcome> read_exactly(const Json& key) {
  const auto kept = read_cache_file(path_of(key));
  try {
    if (!kept || text_of(kept->at("key")) != text_of(key)) return std::nullopt;
    return tune_outcome_from_json(kept->at("outcome"));
  } catch (const std::exception&) {
    return std::nullopt;  // of another version: measured again and overwritten
  }
}

}  // namespace

std::optional<TuneOutcome> read_plan_cache(const Json& key) {
  // A budget at the edge of a band may fall into either band from day to day.
  const std::int64_t band = key.at("memory_band");
  for (const std::int64_t near : {band, band - 1, band + 1}) {
    Json nearby = key;
    nearby["memory_band"] = near;
    if (auto kept = read_exactly(nearby)) return kept;
  }
  return std::nullopt;
}

void write_plan_cache(const Json& key, const TuneOutcome& outcome) {
  write_cache_file(path_of(key), {{"key", key}, {"outcome", to_json(outcome)}});
}

}  // namespace tlaunch
