#include "launcher/run/resume.h"

#include <algorithm>
#include <filesystem>

#include "base/atomic_file.h"
#include "base/environment.h"
#include "base/error.h"
#include "base/text.h"
#include "base/units.h"
#include "checkpoint/folder/catalog.h"
#include "checkpoint/folder/checkpoint_folder.h"
#include "checkpoint/folder/run_checkpoints.h"
#include "checkpoint/folder/run_terms.h"
#include "checkpoint/folder/written_files.h"
#include "checkpoint/safetensors/safetensors.h"
#include "launcher/run/checkpoint_argument.h"

namespace tlaunch {
namespace {

namespace fs = std::filesystem;

constexpr double patience_s = 1;  // the guard of a killed launcher needs a moment to release the folder

using Settings = std::map<std::string, std::string>;

// Throws UsageError that names each change: "train.learning_rate is 0.1 and was 0.05". `saved`: the settings of the
// resumed run, read from the file `from`.
void check_settings(const Settings& saved, const RunConfig& config, const std::string& from) {
  const Settings now = resume_settings(config);
  const auto text_in = [](const Settings& settings, const std::string& key) {
    const auto found = settings.find(key);
    return found == settings.end() ? std::string("not set") : found->second;
  };
  std::vector<std::string> changes;
  for (const std::string& key : changes_forbidden_on_resume(saved, config))
    changes.push_back(format_text("{} is {} and was {}", key, text_in(now, key), text_in(saved, key)));
  if (changes.empty()) return;
  throw UsageError(format_text(
      "--resume: {} in the resumed run ({}); use the values of that run, or start a new run without --resume",
      joined(changes, ", "), from));
}

// The config of the run that wrote the checkpoint. Nothing if it cannot be read; the checkpoint has the settings too.
std::optional<RunConfig> config_beside(const Job& job, const std::string& path, std::vector<std::string>& notes) {
  std::error_code error;
  if (!fs::exists(path, error)) return std::nullopt;
  try {
    return load_config({path, {}, environment_value}, job.worker).config;
  } catch (const Error& problem) {
    notes.push_back(
        format_text("cannot read {}, so the settings of the checkpoint are used: {}", path, problem.what()));
    return std::nullopt;
  }
}

// `config_path`: of the run that wrote `checkpoint`. Checkpoints of earlier versions do not contain their settings;
// only that file does.
void check_unchanged(const Job& job, const std::string& checkpoint, const std::string& config_path,
                     std::vector<std::string>& notes) {
  const RunTerms terms = run_terms_of(checkpoint);
  const std::string other_data = job.data ? data_difference(terms.data, *job.data) : "";
  if (!other_data.empty())
    throw DataError(format_text(
        "--resume: {} ({} and {}); a resume needs the same data: set data.root to it, or start a new run without "
        "--resume",
        other_data, checkpoint, job.loaded.config.data.root));
  const auto beside = config_beside(job, config_path, notes);
  if (!terms.settings.empty()) {
    check_settings(terms.settings, job.loaded.config, checkpoint);
  } else if (beside) {
    check_settings(resume_settings(*beside), job.loaded.config, config_path);
  }
  if (const auto before = terms.world_size, now = job.world.size;
      before > 0 && before != now && job.loaded.config.launch.nproc == "auto")
    notes.push_back(
        format_text("the resumed run had {}, and this one has {}, because --nproc is not given; the effective batch "
                    "stays the same. To use as many ranks as before: --nproc {}",
                    format_number_of(before, "rank"), now, before));
  const bool known_to_be_the_same = job.data && !job.data->train.empty() && job.data->train == terms.data.train;
  if (beside && beside->data.root != job.loaded.config.data.root && !known_to_be_the_same)
    notes.push_back(format_text("data.root is not the folder in {} ({}); it must contain the same data", config_path,
                                beside->data.root));
}

std::string new_path(const Job& job, const std::string& run_dir) {
  return run_dir.empty() ? new_run_path(job.config.run_root, job.config.name) : run_dir;
}

bool is_completed(const RunFolder& folder) {
  try {
    const Json summary = Json::parse(read_file(folder.file("summary.json"), small_file_bytes), nullptr, false);
    return summary.is_object() && summary.value("status", Json()) == "completed";
  } catch (const UsageError&) {  // no such file
    return false;
  }
}

// Whether the folder has a run that was not completed and has no checkpoint: a run may then start again in this folder.
bool holds_only_a_beginning(const Job& job, const RunFolder& folder) {
  if (!folder.holds_training_run() || is_completed(folder)) return false;
  const std::string checkpoints = checkpoint_dir(job.config.checkpoint, folder.path());
  const WrittenFiles written(folder.path(), checkpoints);
  const auto is_there = [](const std::string& path) {  // a kill during a save may leave a listed name without a file
    std::error_code error;
    return fs::symlink_status(path, error).type() != fs::file_type::not_found;
  };
  return !written.damaged() && written.lost().empty() &&
         std::none_of(written.own().begin(), written.own().end(), is_there) &&
         list_checkpoints(folder.file("checkpoints")).empty();
}

[[noreturn]] void refuse_foreign(const RunFolder& folder) {
  throw UsageError(
      format_text("{} contains files that a run would overwrite (config.yaml, events.jsonl or summary.json) and that "
                  "are not from a training run of tlaunch; choose another --run-dir",
                  folder.path()));
}

RunFolder fresh_folder(const Job& job, const std::string& run_dir, std::vector<std::string>& notes) {
  RunFolder folder(new_path(job, run_dir), patience_s);
  if (!folder.holds_run()) return folder;
  if (folder.holds_foreign_files() && list_checkpoints(folder.file("checkpoints")).empty()) refuse_foreign(folder);
  if (!holds_only_a_beginning(job, folder))
    throw UsageError(format_text("{} holds a run already; continue it with --resume auto, or choose another --run-dir",
                                 folder.path()));
  notes.push_back(format_text("{} has a run that saved nothing; the new run replaces it", folder.path()));
  return folder;
}

RunPlace resume_in_place(const Job& job, const std::string& run_dir) {
  std::string path = run_dir.empty() ? latest_run_path(job.config.run_root, job.config.name) : run_dir;
  if (path.empty()) path = new_path(job, run_dir);
  RunPlace place{RunFolder(path, patience_s), "", {}};
  if (!place.folder.holds_run()) {
    const std::string searched = run_dir.empty() ? job.config.run_root + "/" + job.config.name : place.folder.path();
    place.notes.push_back(format_text("--resume auto: no run found in {}; starting from the beginning", searched));
    return place;
  }
  const std::string checkpoints = checkpoint_dir(job.config.checkpoint, place.folder.path());
  const ResumeChoice choice = newest_of_run(place.folder.path(), checkpoints);
  for (const std::string& skipped : choice.skipped) place.notes.push_back("skipped checkpoint " + skipped);
  place.resume_path = choice.path;
  if (!choice.path.empty()) {
    check_unchanged(job, choice.path, place.folder.file("config.yaml"), place.notes);
    return place;
  }
  if (place.folder.holds_foreign_files()) refuse_foreign(place.folder);
  const std::string others =
      choice.not_asked_for == 0
          ? ""
          : format_text(
                " of this run (there are {} of other runs; to continue from one of them, use --resume FILE and "
                "another --run-dir)",
                choice.not_asked_for);
  place.notes.push_back(
      format_text("--resume auto: no valid checkpoint in {}{}; starting from the beginning", checkpoints, others));
  return place;
}

}  // namespace

std::optional<std::int64_t> step_of_checkpoint(const std::string& path) {
  if (path.empty()) return std::nullopt;
  return checkpoint_info(SafetensorsFile(path)).step;
}

RunPlace choose_place(const Job& job, const std::string& run_dir, const std::optional<std::string>& resume) {
  std::vector<std::string> notes;
  if (!resume) {
    RunFolder folder = fresh_folder(job, run_dir, notes);
    return {std::move(folder), "", notes};
  }
  if (*resume == "auto") return resume_in_place(job, run_dir);
  const std::string checkpoint = verified_checkpoint("--resume", *resume);
  if (!SafetensorsFile(checkpoint).metadata().contains(step_key))
    throw DataError(format_text(
        "{}: is not a checkpoint of tlaunch (it has no tlaunch.step); to start from its weights, set model.weights",
        checkpoint));
  (void)step_of_checkpoint(checkpoint);  // throws if the step is damaged, before any folder is made
  check_unchanged(job, checkpoint, (fs::path(checkpoint).parent_path().parent_path() / "config.yaml").string(), notes);
  RunFolder folder = fresh_folder(job, run_dir, notes);
  return {std::move(folder), checkpoint, notes};
}

}  // namespace tlaunch
