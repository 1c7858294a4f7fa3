#include "launcher/tune/team_plan.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <filesystem>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/file_lock.h"
#include "base/text.h"
#include "config/batch.h"
#include "config/schema.h"
#include "contract/planned_rate.h"
#include "hardware/gpu/gpu_table.h"
#include "launcher/job/gpu_wait.h"

namespace tlaunch {
namespace {

bool is_there(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error) || error;  // if the path cannot be reached, read_file() reports why
}

// Fixed by the config or by a resumed run.
std::optional<std::int64_t> fixed_effective_batch(const Job& job) {
  const auto& asked = job.loaded.config.train.effective_batch_size;
  return asked ? asked : job.effective_batch_size;
}

// Takes batch and accumulation together, because one alone has no meaning. A fixed effective batch determines the
// accumulation; an effective batch that is auto becomes the product of the team's two values.
bool give_batch(RunConfig& config, const TeamSettings& team, const Job& job) {
  TrainConfig train = config.train;
  const auto batch = team.integer("train.batch_size"), accumulation = team.integer("train.gradient_accumulation_steps");
  if (train.batch_size || train.gradient_accumulation_steps || !batch) return false;
  const bool larger_than_data =
      job.data && *batch * accumulation.value_or(1) * job.world.size > job.data->train_samples;
  if (larger_than_data && !fixed_effective_batch(job)) return false;
  train.batch_size = batch;
  if (const auto effective = fixed_effective_batch(job)) {
    try {
      split_batch(*effective, job.world.size, train.batch_size, {}, *effective);
    } catch (const UsageError&) {
      return false;
    }
  } else {
    train.gradient_accumulation_steps = accumulation;
  }
  config.train = train;
  return true;
}

}  // namespace

TeamCard team_card(const Job& job) {
  if (!job.world.on_gpu || job.hardware.gpus.empty()) return {"cpu", {}};
  const GpuInfo& gpu = job.hardware.gpus.front();
  double memory_gb = static_cast<double>(gpu.memory_total_bytes) / 1e9;
  const GpuCard* known = find_card(card_words(gpu.name)).card;
  if (!known) return {gpu.name, memory_gb};
  // The maker's figure; the driver's differs by a few percent.
  const auto nearest = std::min_element(known->memory_gb.begin(), known->memory_gb.end(), [&](double a, double b) {
    return std::abs(a - memory_gb) < std::abs(b - memory_gb);
  });
  if (nearest != known->memory_gb.end()) memory_gb = *nearest;
  return {known->id, memory_gb};
}

bool has_several_memories(const TeamCard& card) {
  const GpuCard* known = find_card(card_words(card.name)).card;
  return known && known->memory_gb.size() > 1;
}

TeamPlan with_team_settings(const Job& job, bool new_file) {
  TeamPlan made{job.loaded.config, job.plan, {}};
  const auto& path = job.loaded.config.tune.team_file;
  if (!path || (new_file && !is_there(*path))) return made;
  std::optional<TeamEntry> entry;
  try {
    entry = find_team_entry(parse_team_file(read_file(*path, small_file_bytes), *path), team_card(job));
  } catch (const Error& error) {  // tuning can measure all of the settings
    made.notes.push_back(format_text("the team's settings are left out: {}", error.what()));
    return made;
  }
  if (!entry) {
    made.notes.push_back(
        format_text("{} has no entry for {}; `tlaunch tune --team` adds one", *path, team_card(job).name));
    return made;
  }
  const TeamSettings& team = entry->settings;
  RunConfig& config = made.config;
  std::vector<std::string> given;
  if (give_batch(config, team, job)) given.emplace_back("train.batch_size");
  if (config.train.gradient_accumulation_steps != job.loaded.config.train.gradient_accumulation_steps)
    given.insert(given.end(), {"train.gradient_accumulation_steps", "train.effective_batch_size"});
  const auto cards = job.world.on_gpu ? cards_of_ranks(job.hardware.gpus, job.world.size) : std::vector<GpuInfo>{};
  for (const auto& [key, value] : team.values) {
    if (section_of(key) == "train") continue;     // done above
    if (get(*schema_key(key), config)) continue;  // set by the user
    RunConfig with_it = config;
    set(*schema_key(key), with_it, value);
    const auto problem = key == "gpu.mixed_precision" ? precision_problem(cards, *with_it.gpu.mixed_precision)
                                                      : std::optional<std::string>();
    if (problem) {
      made.notes.push_back(format_text("{}: mixed_precision is left out: {}", *path, *problem));
      continue;
    }
    config = with_it;
    given.push_back(key);
  }
  const auto batch = team.integer("train.batch_size");
  if (batch && !config.train.batch_size)
    made.notes.push_back(format_text(
        "{}: batch_size {} is left out: {}", *path, *batch,
        config.train.gradient_accumulation_steps ? "the config sets gradient_accumulation_steps"
        : !fixed_effective_batch(job)
            ? "its effective batch is larger than the training data"
            : format_text("it does not divide the effective batch of {} over the ranks", *fixed_effective_batch(job))));
  if (!entry->note.empty()) made.notes.push_back(entry->note);
  made.plan = prior_plan(config, job.hardware, shape_of(job));
  for (Choice& choice : made.plan.choices)
    if (std::find(given.begin(), given.end(), choice.key) != given.end()) {
      choice.origin = Origin::team;
      choice.reason = format_text("the team's value for {} ({}:{})", entry->id, *path, entry->line);
    }
  scale_learning_rate(made.plan, config.train);  // it gets the origin of the effective batch
  return made;
}

namespace {

const std::string& team_file_of(const Job& job) {
  const auto& path = job.loaded.config.tune.team_file;
  if (!path)
    throw UsageError("--team needs tune.team_file, the file to write; for example tune.team_file=team_settings.yaml");
  return *path;
}

std::string text_of_team_file(const std::string& path) {
  return is_there(path) ? read_file(path, small_file_bytes) : "";
}

}  // namespace

void check_team_file(const Job& job) {
  const std::string& path = team_file_of(job);
  const TeamCard card = team_card(job);
  TeamSettings some;
  some.values["train.batch_size"] = std::int64_t{1};
  with_team_entry(text_of_team_file(path), path, card, has_several_memories(card), some);
  const std::string folder = std::filesystem::path(path).parent_path().string();
  if (::access(folder.c_str(), W_OK) != 0)
    throw IoError(format_text("cannot write {}: {}: {}", path, folder, std::strerror(errno)));
}

std::string write_team_entry(const Job& job) {
  const std::string& path = team_file_of(job);
  const TeamCard card = team_card(job);
  TeamSettings settings;
  for (const std::string& key : team_keys()) {
    const bool of_gpus = key == "gpu.tf32" || key == "gpu.cudnn_benchmark";
    if (of_gpus && !job.world.on_gpu) continue;
    if (const auto value = get(*schema_key(key), job.config)) settings.values[key] = *value;
  }
  const FileLock lock(path);  // two processes may write entries at once
  const std::string text = text_of_team_file(path);
  struct stat status = {};
  if (::stat(path.c_str(), &status) != 0) throw IoError(format_text("cannot read {}: {}", path, std::strerror(errno)));
  const FileAccess access{status.st_mode & 07777u, status.st_uid, status.st_gid};  // the file stays the team's
  write_file_atomically(path, with_team_entry(text, path, card, has_several_memories(card), settings), &access);
  return path;
}

}  // namespace tlaunch
