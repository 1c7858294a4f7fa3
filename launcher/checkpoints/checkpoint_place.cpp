#include "launcher/checkpoints/checkpoint_place.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "checkpoint/checkpoint_folder.h"
#include "checkpoint/written_files.h"
#include "core/config_tree.h"
#include "core/error.h"
#include "core/json.h"
#include "core/nearest.h"
#include "core/schema.h"
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
    std::string message = "'" + text + "': only how a run keeps its checkpoints can be changed here";
    if (const auto near = nearest(key, known)) message += "; did you mean " + *near + "?";
    throw UsageError(message);
  }
}

// The checkpoint: section of a run's config.yaml alone: what else stands there needs the run's worker to be understood.
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
      problems.add(entry->second.value_place, key.key,
                   parsed.problem.empty() ? "is not allowed; expected " + expectation(key.rule) : parsed.problem);
    else
      set(key, config, parsed.value);
  }
  problems.throw_if_any();
  return config;
}

bool is_run(const fs::path& folder) {
  return fs::exists(folder / "config.yaml") || fs::exists(folder / "events.jsonl") ||
         fs::is_directory(folder / "checkpoints");
}

// Of the newest attempt, links resolved as in `folder`; "" where that began from nothing.
std::string resumed_from(const std::string& run_dir) {
  std::ifstream events(run_dir + "/events.jsonl");
  std::string path;
  for (std::string line; std::getline(events, line);) {
    if (line.find("\"plan\"") == std::string::npos) continue;
    const Json event = Json::parse(line, nullptr, false);  // the last line may be in the making
    if (event.is_object() && event.value("event", Json()) == "plan")
      path = event.contains("resumed_from") && event["resumed_from"].is_string()
                 ? event["resumed_from"].get<std::string>()
                 : "";
  }
  return path.empty() ? "" : fs::weakly_canonical(path).string();
}

}  // namespace

CheckpointPlace find_checkpoints(const std::string& path, const std::vector<std::string>& overrides) {
  check_overrides_here(overrides);
  std::error_code error;
  const fs::path folder = fs::canonical(path, error);
  if (error) throw UsageError(path + ": there is no such folder");
  if (!fs::is_directory(folder))
    throw UsageError(path + ": is a file; a run's folder is needed, or one of checkpoints");
  const bool inside_run = folder.filename() == "checkpoints" && fs::exists(folder.parent_path() / "config.yaml");
  if (!inside_run && !is_run(folder)) return {folder, "", {}};
  const std::string run_dir = inside_run ? folder.parent_path() : folder;
  RunConfig config;
  if (const std::string file = run_dir + "/config.yaml"; fs::exists(file)) config = checkpoint_section(file, overrides);
  const fs::path found = inside_run ? folder : fs::path(checkpoint_dir(config.checkpoint, run_dir));
  return {fs::weakly_canonical(found), run_dir, retention_policy(config.checkpoint)};
}

std::vector<std::string> kept_because(const std::vector<CheckpointInfo>& checkpoints, const CheckpointPlace& place) {
  if (place.run_dir.empty()) return kept_because(checkpoints, place.policy, {}, "");
  return kept_because(checkpoints, place.policy, WrittenFiles(place.run_dir, place.folder).own(),
                      resumed_from(place.run_dir));
}

}  // namespace tlaunch
