// YAML to RunConfig: extends, ${VAR}, key=value overrides, validation against the schema and the worker's description.
// All errors of a file are reported at once, each as `file:line:column: key: what is wrong; what was expected`, with
// the nearest known key or the team synonym it was meant to be.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/environment.h"
#include "config/description.h"
#include "config/run_config.h"

namespace tlaunch {

struct ConfigSource {
  std::string path;                    // CONFIG.yaml
  std::vector<std::string> overrides;  // "train.epochs=3", in the order given; the last wins
  // Environment for ${VAR}; tests pass their own. Returns nothing for an unset variable.
  Getenv getenv;
};

// Where a value comes from, for --dry-run.
enum class ValueSource { default_value, file, command_line };

struct LoadedConfig {
  RunConfig config;
  // By dotted key: every key of the schema and of the chosen model and data set.
  std::map<std::string, ValueSource> sources;
};

// The `launch.worker` of a config: a name, or an absolute path. Nothing else is checked, because that needs the
// description of this worker. Throws UsageError if the file does not exist, is larger than 1 MiB or is not YAML, or if
// the path is invalid.
std::string worker_of(const ConfigSource& source);

// Throws UsageError with every error found, one per line.
LoadedConfig load_config(const ConfigSource& source, const WorkerDescription& worker);

// The resolved config as YAML, every key with its value, `auto` where tuning decides. load_config of this text gives
// the same RunConfig. Keys appear in the schema's order.
std::string to_yaml(const RunConfig& config, const WorkerDescription& worker);

// Dotted keys and their values as text, in the schema's order: for --dry-run and for comparing two configs.
std::vector<std::pair<std::string, std::string>> flatten(const RunConfig& config);

// The settings that a checkpoint stores of its run, by dotted key, from the resolved config: the keys that may not
// change on resume, and the micro-batch and accumulation. No paths, because data and runs may be moved.
std::map<std::string, std::string> resume_settings(const RunConfig& config);

// The keys of `saved` (resume_settings) that have another value in `now` but may not change. `auto` takes the saved
// one.
std::vector<std::string> changes_forbidden_on_resume(const std::map<std::string, std::string>& saved, RunConfig now);

// The text of docs/config.md: one table per section from the schema, and one per model and data set from `worker`.
std::string config_markdown(const WorkerDescription& worker);

}  // namespace tlaunch
