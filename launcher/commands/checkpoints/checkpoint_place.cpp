#include "launcher/commands/checkpoints/checkpoint_place.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "base/absolute_path.h"
#include "base/environment.h"
#include "base/error.h"
#include "base/json.h"
#include "base/nearest.h"
#include "base/text.h"
#include "base/units.h"
#include "checkpoint/folder/checkpoint_folder.h"
#include "checkpoint/folder/written_files.h"
#include "config/config_tree.h"
#include "config/schema.h"
#include "contract/event_codec.h"
#include "launcher/job/job.h"

namespace tlaunch {
namespace {

namespace fs = std::filesystem;

constexpr const char* section = "checkpoint";

void check_overrides_here(const std::vector<std::string>& overrides) {
  std::vector<std::string> known;
  for (const SchemaKey& key : schema())
    if (section_of(key.key) == section && key.path == PathBase::none) known.push_back(key.key);
  for (const std::string& text : overrides) {
    const std::string key = text.substr(0, text.find('='));
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    std::string message = format_text("{}: only keys of checkpoint: can be changed here", quoted(text));
    if (const auto near = nearest(key, known)) message += format_text("; did you mean {}?", *near);
    throw UsageError(message);
  }
}

// Reads only the section checkpoint: of a run's config.yaml, because the other sections need the run's worker.
RunConfig checkpoint_section(const std::string& config_path, const std::vector<std::string>& overrides) {
  RunConfig config;
  ConfigProblems problems;
  const ConfigTree tree = read_config_tree({config_path, overrides, environment_value}, problems);
  for (const SchemaKey& key : schema()) {
    const auto entry = tree.entries.find(key.key);
    if (section_of(key.key) != section || entry == tree.entries.end()) continue;
    const ParsedValue parsed = parse_value(entry->second.text, key.rule);
    if (entry->second.shape != YamlNode::Kind::scalar || !parsed.problem.empty() ||
        (key.check && !key.check(entry->second.text)))
      problems.add(
          entry->second.value_place, key.key,
          parsed.problem.empty() ? format_text("is not allowed; expected {}", expectation(key.rule)) : parsed.problem);
    else
      set(key, config, parsed.value);
  }
  problems.throw_if_any();
  return config;
}

// Throws IoError if this cannot be found out: a file that may not be looked at must not count as absent.
bool is_there(const fs::path& path) {
  std::error_code error;
  const bool there = fs::exists(path, error);
  if (error) throw IoError(format_text("cannot look at {}: {}", path.string(), error.message()));
  return there;
}

bool is_run(const fs::path& folder) {
  std::error_code ignored;
  return is_there(folder / "config.yaml") || is_there(folder / "events.jsonl") ||
         (is_there(folder / "checkpoints") && fs::is_directory(folder / "checkpoints", ignored));
}

// The runs below a folder, as RUN_ROOT/NAME/RUN, the newest by name first. Folders that cannot be read are skipped.
std::vector<std::string> runs_below(const fs::path& folder, int levels) {
  std::vector<fs::path> folders;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
    if (std::error_code ignored; entry->is_directory(ignored) && !entry->is_symlink(ignored))
      folders.push_back(entry->path());
  std::sort(folders.rbegin(), folders.rend());
  std::vector<std::string> runs;
  for (const fs::path& each : folders) try {
      if (is_run(each)) {
        runs.push_back(each.string());
      } else if (levels > 1) {
        const auto below = runs_below(each, levels - 1);
        runs.insert(runs.end(), below.begin(), below.end());
      }
    } catch (const IoError&) {
    }
  return runs;
}

void refuse_folder_of_runs(const std::string& path, const fs::path& folder) {
  constexpr std::size_t most_shown = 10;
  const std::vector<std::string> runs = runs_below(folder, 2);
  if (runs.empty()) return;
  std::string text = format_text("{}: is not a run's folder; it holds {}; name one:", path,
                                 format_number_of(static_cast<std::int64_t>(runs.size()), "run"));
  for (std::size_t i = 0; i < runs.size() && i < most_shown; ++i) text += "\n  " + runs[i];
  if (runs.size() > most_shown) text += format_text("\n  and {} more", runs.size() - most_shown);
  throw UsageError(text);
}

fs::path resolved(const fs::path& path) {
  std::error_code error;
  const fs::path found = fs::weakly_canonical(path, error);
  if (error) throw IoError(format_text("cannot look at {}: {}", path.string(), error.message()));
  return found;
}

// The checkpoint that the newest attempt was resumed from, links resolved; "" if the attempt began from nothing.
std::string resumed_from(const std::string& run_dir) {
  const std::string file = run_dir + "/events.jsonl";
  std::ifstream events(file);
  if (!events && is_there(file)) throw IoError(format_text("cannot read {}", file));
  std::string path;
  for (std::string line; std::getline(events, line);) {
    if (line.find("\"plan\"") == std::string::npos) continue;
    const auto event = decode(Json::parse(line, nullptr, false));  // the last line may be incomplete
    const auto* plan = event ? std::get_if<OtherEvent>(&event->event) : nullptr;
    if (!plan || plan->name != "plan") continue;
    const auto from = plan->fields.find("resumed_from");
    path = from != plan->fields.end() && from->is_string() ? from->get<std::string>() : "";
  }
  return path.empty() ? "" : resolved(path).string();
}

}  // namespace

CheckpointPlace find_checkpoints(const std::string& path, const std::vector<std::string>& overrides) {
  check_overrides_here(overrides);
  std::error_code error;
  const fs::path folder = fs::canonical(path, error);
  if (error) {
    absolute_path(path);  // throws if the working directory itself is gone
    if (error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory)
      throw UsageError(format_text("{}: there is no such folder", path));
    throw IoError(format_text("cannot look at {}: {}", path, error.message()));
  }
  if (!fs::is_directory(folder, error))
    throw UsageError(format_text("{}: is a file; name a run's folder or a folder of checkpoints", path));
  const bool inside_run = folder.filename() == "checkpoints" && is_there(folder.parent_path() / "config.yaml");
  if (!inside_run && !is_run(folder)) {
    if (list_checkpoints(folder).empty()) refuse_folder_of_runs(path, folder);
    return {folder, "", {}};
  }
  const std::string run_dir = inside_run ? folder.parent_path() : folder;
  RunConfig config;
  if (const std::string file = run_dir + "/config.yaml"; is_there(file)) config = checkpoint_section(file, overrides);
  const fs::path found = inside_run ? folder : fs::path(checkpoint_dir(config.checkpoint, run_dir));
  return {resolved(found), run_dir, retention_policy(config.checkpoint)};
}

std::vector<std::string> kept_because(const std::vector<CheckpointInfo>& checkpoints, const CheckpointPlace& place) {
  if (place.run_dir.empty()) return kept_because(checkpoints, place.policy, {}, "");
  std::string resumed = resumed_from(place.run_dir);
  // An event holds a path as UTF-8 text, which differs from a path that is not UTF-8. So compare the texts of both.
  for (const CheckpointInfo& each : checkpoints)
    if (text_of(each.path) == text_of(resumed)) resumed = each.path;
  return kept_because(checkpoints, place.policy, WrittenFiles(place.run_dir, place.folder).own(), resumed);
}

}  // namespace tlaunch
