#include "launcher/run/resume.h"

#include <algorithm>
#include <filesystem>

#include "base/atomic_file.h"
#include "base/environment.h"
#include "base/error.h"
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

constexpr double patience_s = 1;  // a killed launcher's guard needs a moment to let go of the folder
constexpr std::size_t summary_limit_bytes = 1u << 20;

using Settings = std::map<std::string, std::string>;

// Throws UsageError that names each change: "train.learning_rate is 0.1 and was 0.05". `saved`: of the run that is
// resumed, as `from` has them.
void check_settings(const Settings& saved, const RunConfig& config, const std::string& from) {
  const Settings now = resume_settings(config);
  const auto text_in = [](const Settings& settings, const std::string& key) {
    const auto found = settings.find(key);
    return found == settings.end() ? std::string("not there") : found->second;
  };
  std::string changes;
  for (const std::string& key : changes_forbidden_on_resume(saved, config))
    changes += (changes.empty() ? "" : ", ") + key + " is " + text_in(now, key) + " and was " + text_in(saved, key);
  if (changes.empty()) return;
  throw UsageError("--resume: " + changes + " in the run that is resumed (" + from +
                   "); give it the value it had there, or start a new run without --resume");
}

// The config of the run that wrote the checkpoint; nothing where it cannot be read: the checkpoint has what it needs.
std::optional<RunConfig> config_beside(const Job& job, const std::string& path, std::vector<std::string>& notes) {
  std::error_code error;
  if (!fs::exists(path, error)) return std::nullopt;
  try {
    return load_config({path, {}, environment_value}, job.worker).config;
  } catch (const Error& problem) {
    notes.push_back("cannot read " + path + ", the settings of the checkpoint are used: " + problem.what());
    return std::nullopt;
  }
}

// `config_path`: of the run that wrote `checkpoint`. Checkpoints of earlier versions do not say what they were made
// with, and only that file does.
void check_unchanged(const Job& job, const std::string& checkpoint, const std::string& config_path,
                     std::vector<std::string>& notes) {
  const RunTerms terms = run_terms_of(checkpoint);
  const std::string other_data = job.data ? data_difference(terms.data, *job.data) : "";
  if (!other_data.empty())
    throw DataError("--resume: " + other_data + " (" + checkpoint + " and " + job.loaded.config.data.root +
                    "); a resume needs the same data: set data.root to it, or start a new run without --resume");
  const auto beside = config_beside(job, config_path, notes);
  if (!terms.settings.empty()) {
    check_settings(terms.settings, job.loaded.config, checkpoint);
  } else if (beside) {
    check_settings(resume_settings(*beside), job.loaded.config, config_path);
  }
  if (const auto before = terms.world_size, now = job.world.size;
      before > 0 && before != now && job.loaded.config.launch.nproc == "auto")
    notes.push_back("the resumed run had " + format_number_of(before, "rank") + ", and this one has " +
                    std::to_string(now) +
                    ", because --nproc is not given; the effective batch stays the same. For as "
                    "many as before: --nproc " +
                    std::to_string(before));
  const bool known_to_be_the_same = job.data && !job.data->train.empty() && job.data->train == terms.data.train;
  if (beside && beside->data.root != job.loaded.config.data.root && !known_to_be_the_same)
    notes.push_back("data.root is another folder than in " + config_path + " (" + beside->data.root +
                    "); it must hold the same data");
}

std::string new_path(const Job& job, const std::string& run_dir) {
  return run_dir.empty() ? new_run_path(job.config.run_root, job.config.name) : run_dir;
}

bool is_completed(const RunFolder& folder) {
  try {
    const Json summary = Json::parse(read_file(folder.file("summary.json"), summary_limit_bytes), nullptr, false);
    return summary.is_object() && summary.value("status", Json()) == "completed";
  } catch (const UsageError&) {  // there is none
    return false;
  }
}

// Whether a run began there, was not completed and has nothing to go on from: then it may begin again in its place.
bool holds_only_a_beginning(const Job& job, const RunFolder& folder) {
  if (!folder.holds_training_run() || is_completed(folder)) return false;
  const std::string checkpoints = checkpoint_dir(job.config.checkpoint, folder.path());
  const WrittenFiles written(folder.path(), checkpoints);
  const auto is_there = [](const std::string& path) {  // a name alone is that of a save that a kill cut short
    std::error_code error;
    return fs::symlink_status(path, error).type() != fs::file_type::not_found;
  };
  return !written.damaged() && written.lost().empty() &&
         std::none_of(written.own().begin(), written.own().end(), is_there) &&
         list_checkpoints(folder.file("checkpoints")).empty();
}

[[noreturn]] void refuse_foreign(const RunFolder& folder) {
  throw UsageError(folder.path() +
                   " holds files that a run would overwrite (config.yaml, events.jsonl or summary.json) and that no "
                   "training run of tlaunch has made; choose another --run-dir");
}

RunFolder fresh_folder(const Job& job, const std::string& run_dir, std::vector<std::string>& notes) {
  RunFolder folder(new_path(job, run_dir), patience_s);
  if (!folder.holds_run()) return folder;
  if (folder.holds_foreign_files() && list_checkpoints(folder.file("checkpoints")).empty()) refuse_foreign(folder);
  if (!holds_only_a_beginning(job, folder))
    throw UsageError(folder.path() +
                     " holds a run already; go on with it by --resume auto, or choose another --run-dir");
  notes.push_back(folder.path() + " holds the beginning of a run that has saved nothing; it begins anew there");
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
  const std::string checkpoints = checkpoint_dir(job.config.checkpoint, place.folder.path());
  const ResumeChoice choice = newest_of_run(place.folder.path(), checkpoints);
  for (const std::string& skipped : choice.skipped) place.notes.push_back("skipped checkpoint " + skipped);
  place.resume_path = choice.path;
  if (!choice.path.empty()) {
    check_unchanged(job, choice.path, place.folder.file("config.yaml"), place.notes);
    return place;
  }
  if (place.folder.holds_foreign_files()) refuse_foreign(place.folder);
  std::string note = "--resume auto: no valid checkpoint in " + checkpoints;
  if (choice.not_asked_for > 0)
    note += " of this run (" + std::to_string(choice.not_asked_for) +
            " of others; to go on from one of them: --resume FILE and another --run-dir)";
  place.notes.push_back(note + "; starting from nothing");
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
    throw DataError(checkpoint +
                    ": no checkpoint of tlaunch (no tlaunch.step in it); to start from its weights set "
                    "model.weights");
  (void)step_of_checkpoint(checkpoint);  // throws where that is damaged: before anything is made
  check_unchanged(job, checkpoint, (fs::path(checkpoint).parent_path().parent_path() / "config.yaml").string(), notes);
  RunFolder folder = fresh_folder(job, run_dir, notes);
  return {std::move(folder), checkpoint, notes};
}

}  // namespace tlaunch
