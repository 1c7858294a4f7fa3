#include "launcher/run/resume.h"

#include <filesystem>

#include "checkpoint/catalog.h"
#include "checkpoint/checkpoint_folder.h"
#include "checkpoint/safetensors.h"
#include "core/atomic_file.h"
#include "core/batch.h"
#include "core/error.h"
#include "launcher/run/checkpoint_argument.h"

namespace tlaunch {
namespace {

namespace fs = std::filesystem;

constexpr double patience_s = 1;  // a killed launcher's guard needs a moment to let go of the folder

void check_config_unchanged(const Job& job, const std::string& saved_path) {
  if (!fs::exists(saved_path)) return;
  const RunConfig saved = load_config({saved_path, {}, environment_value}, job.worker).config;
  const std::vector<std::string> changed = changes_forbidden_on_resume(saved, job.loaded.config);
  if (changed.empty()) return;
  std::string keys;
  for (const std::string& key : changed) keys += (keys.empty() ? "" : ", ") + key;
  throw UsageError("--resume: " + keys + (changed.size() == 1 ? " differs" : " differ") +
                   " from the run that is resumed (" + saved_path +
                   "); give it the value it had there, or start a new run without --resume");
}

std::string new_path(const Job& job, const std::string& run_dir) {
  return run_dir.empty() ? new_run_path(job.config.run_root, job.config.name) : run_dir;
}

RunFolder fresh_folder(const Job& job, const std::string& run_dir) {
  RunFolder folder(new_path(job, run_dir), 0);
  if (folder.holds_run())
    throw UsageError(folder.path() +
                     " holds a run already; go on with it by --resume auto, or choose another --run-dir");
  return folder;
}

RunPlace resume_in_place(const Job& job, const std::string& run_dir) {
  std::string path = run_dir.empty() ? latest_run_path(job.config.run_root, job.config.name) : run_dir;
  if (path.empty()) path = new_path(job, run_dir);
  RunPlace place{RunFolder(path, patience_s), "", {}};
  if (!place.folder.holds_run()) {
    place.notes.push_back("--resume auto: there is no run in " + place.folder.path() + " yet; starting from nothing");
    return place;
  }
  check_config_unchanged(job, place.folder.file("config.yaml"));
  const std::string checkpoints = checkpoint_dir(job.config.checkpoint, place.folder.path());
  const ResumeChoice choice = newest_valid(checkpoints);
  for (const std::string& skipped : choice.skipped) place.notes.push_back("skipped checkpoint " + skipped);
  place.resume_path = choice.path;
  if (choice.path.empty())
    place.notes.push_back("--resume auto: no valid checkpoint in " + checkpoints + "; starting from nothing");
  return place;
}

constexpr std::size_t plan_limit_bytes = 1u << 20;

// Where `asked` fixes the micro-batch or the accumulation anew, the other one follows: the effective batch stays.
void keep_product(Plan& plan, const RunConfig& asked) {
  const TrainConfig train = apply(asked, plan).train;
  if (!train.effective_batch_size || !train.batch_size || !train.gradient_accumulation_steps) return;
  const BatchSplit before{*train.batch_size, *train.gradient_accumulation_steps, plan.world_size};
  if (before.effective() == *train.effective_batch_size) return;
  const BatchSplit split = split_batch(*train.effective_batch_size, plan.world_size, asked.train.batch_size,
                                       asked.train.gradient_accumulation_steps, before.micro_batch);
  for (Choice& choice : plan.choices) {
    const bool micro = choice.key == "batch_size";
    if (choice.origin == Origin::user || (!micro && choice.key != "gradient_accumulation_steps")) continue;
    choice = {choice.key, micro ? split.micro_batch : split.accumulation, Origin::prior,
              "makes up the resumed run's effective batch of " + std::to_string(split.effective()), nullptr};
  }
}

}  // namespace

std::optional<std::int64_t> step_of_checkpoint(const std::string& path) {
  if (path.empty()) return std::nullopt;
  return checkpoint_info(SafetensorsFile(path).metadata()).step;
}

bool keep_own_plan(Job& job, const RunPlace& place) {
  if (place.resume_path.empty()) return false;
  const fs::path path = fs::path(place.resume_path).parent_path().parent_path() / "plan.json";
  const std::string own = fs::exists(place.folder.file("plan.json")) ? place.folder.file("plan.json") : path.string();
  if (!fs::exists(own)) return false;
  Plan plan;
  try {
    plan = plan_from_json(Json::parse(read_file(own, plan_limit_bytes)));
  } catch (const std::exception& error) {
    throw UsageError(own + ": " + error.what() + "; take it away to have the settings chosen anew");
  }
  if (plan.world_size != job.world.size) return false;
  // What the command line fixes now beats the saved choice.
  for (Choice& choice : plan.choices)
    if (const Choice* now = job.plan.find(choice.key); now && now->origin == Origin::user) choice = *now;
  keep_product(plan, job.loaded.config);
  job.plan = plan;
  job.config = apply(job.loaded.config, plan);
  return true;
}

void keep_effective_batch(Job& job, const RunPlace& place) {
  if (place.resume_path.empty() || job.loaded.config.train.effective_batch_size) return;
  job.effective_batch_size = effective_batch_size_of(place.resume_path);
  job.plan = prior_plan(job.loaded.config, job.hardware, shape_of(job));
  job.config = apply(job.loaded.config, job.plan);
}

RunPlace choose_place(const Job& job, const std::string& run_dir, const std::optional<std::string>& resume) {
  if (!resume) return {fresh_folder(job, run_dir), "", {}};
  if (*resume == "auto") return resume_in_place(job, run_dir);
  const std::string checkpoint = verified_checkpoint("--resume", *resume);
  check_config_unchanged(job, (fs::path(checkpoint).parent_path().parent_path() / "config.yaml").string());
  return {fresh_folder(job, run_dir), checkpoint, {}};
}

}  // namespace tlaunch
