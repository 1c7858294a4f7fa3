#include "launcher/commands/run/dry_run.h"
#include "base/text.h"

#include <algorithm>
#include <map>
#include <vector>

namespace tlaunch {
namespace {

struct ResolvedValue {
  std::string key, value, source, reason;
};

std::string source_text(const Job& job, const std::string& key) {
  const auto source = job.loaded.sources.find(key);
  if (source == job.loaded.sources.end()) return "default";
  switch (source->second) {
    case ValueSource::default_value: return "default";
    case ValueSource::file: return "file";
    case ValueSource::command_line: return "command line";
  }
  return "default";
}

std::vector<ResolvedValue> resolve(const Job& job) {
  std::map<std::string, std::string> asked;
  for (const auto& [key, value] : flatten(job.loaded.config)) asked[key] = value;
  std::vector<ResolvedValue> resolved;
  for (const auto& [key, value] : flatten(job.config)) {
    ResolvedValue entry{key, value, source_text(job, key), ""};
    const Choice* choice = job.plan.find(key);
    if (choice != nullptr && asked[key] != value) {  // the plan chose the value
      entry.source = to_string(choice->origin);
      entry.reason = choice->reason;
    }
    resolved.push_back(std::move(entry));
  }
  return resolved;
}

const char* device_text(const Job& job) { return job.world.on_gpu ? "cuda" : "cpu"; }

}  // namespace

std::string dry_run_text(const Job& job) {
  std::string text = format_text("worker = {}\nranks = {} on {}\n", job.worker_path, job.world.size, device_text(job));
  for (const std::string& line : placement_lines(job.placement)) text += "# " + line + "\n";
  const auto resolved = resolve(job);
  std::size_t key_width = 0, value_width = 0;
  for (const auto& entry : resolved) {
    key_width = std::max(key_width, entry.key.size());
    value_width = std::max(value_width, std::min<std::size_t>(entry.value.size(), 24));
  }
  for (const auto& entry : resolved) {
    std::string line = entry.key + std::string(key_width - entry.key.size(), ' ') + " = " + entry.value;
    if (entry.value.size() < value_width) line += std::string(value_width - entry.value.size(), ' ');
    text += format_text("{}  # {}{}\n", line, entry.source, entry.reason.empty() ? "" : ": " + entry.reason);
  }
  return text;
}

Json dry_run_json(const Job& job) {
  Json config = Json::object();
  for (const auto& entry : resolve(job)) {
    Json value = {{"value", value_of_text(entry.value)}, {"source", entry.source}};
    if (!entry.reason.empty()) value["reason"] = entry.reason;
    config[entry.key] = std::move(value);
  }
  return {{"worker", job.worker_path},
          {"world_size", job.world.size},
          {"device", device_text(job)},
          {"placement", to_json(job.placement)},
          {"config", config}};
}

}  // namespace tlaunch
