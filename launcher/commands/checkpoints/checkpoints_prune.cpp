#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <set>

#include "base/error.h"
#include "base/json.h"
#include "base/units.h"
#include "checkpoint/folder/last_link.h"
#include "checkpoint/folder/written_files.h"
#include "checkpoint/safetensors/safetensors.h"
#include "launcher/commands/checkpoints/checkpoint_place.h"
#include "launcher/commands/checkpoints/checkpoints_command.h"
#include "launcher/narration/results.h"
#include "launcher/run/run_folder.h"

namespace tlaunch {
namespace {

namespace fs = std::filesystem;

struct Sorted {
  std::vector<CheckpointInfo> checkpoints;
  std::vector<std::string> reasons;
};

// What is kept for the policy's sake is read through first: a file whose data are damaged must not be the reason why an
// intact one goes.
Sorted sorted(const CheckpointPlace& place) {
  Sorted result{list_checkpoints(place.folder), {}};
  std::set<std::string> verified;
  for (bool changed = true; changed;) {
    changed = false;
    result.reasons = kept_because(result.checkpoints, place);
    for (std::size_t i = 0; i < result.checkpoints.size(); ++i) {
      CheckpointInfo& each = result.checkpoints[i];
      if (!each.valid || result.reasons[i].empty() || !verified.insert(each.path).second) continue;
      try {
        SafetensorsFile(each.path).verify();
      } catch (const Error& problem) {
        each.valid = false;
        each.reason = problem.what();
        std::fprintf(stderr, "%s\n", problem.what());
        changed = true;
      }
    }
  }
  return result;
}

// With a metric that no checkpoint has, none would be among the best and all but the last would go.
void check_monitor(const std::vector<CheckpointInfo>& checkpoints, const RetentionPolicy& policy) {
  if (policy.save_top_k <= 0) return;
  std::set<std::string> known;
  for (const CheckpointInfo& each : checkpoints)
    for (const auto& [name, value] : each.metrics) known.insert(name);
  if (known.empty() || known.contains(policy.monitor)) return;
  std::string names;
  for (const std::string& name : known) names += (names.empty() ? "" : ", ") + name;
  throw UsageError("no checkpoint has the metric " + policy.monitor + " (checkpoint.monitor); known: " + names);
}

}  // namespace

int prune_command(const CheckpointsCommand& command) {
  const CheckpointPlace place = find_checkpoints(command.path, command.overrides);
  if (place.run_dir.empty())
    throw UsageError(command.path + ": belongs to no run (no config.yaml); prune needs a run's folder for its policy");
  std::optional<RunFolder> lock;
  if (!command.dry_run) lock.emplace(place.run_dir, 0);
  const auto [checkpoints, reasons] = sorted(place);
  check_monitor(checkpoints, place.policy);

  WrittenFiles written(place.run_dir, place.folder);
  Json deleted = Json::array(), kept = Json::array();
  std::uint64_t freed_bytes = 0;
  std::string text;
  for (std::size_t i = 0; i < checkpoints.size(); ++i) {
    const CheckpointInfo& each = checkpoints[i];
    const std::string name = fs::path(each.path).filename().string();
    if (!reasons[i].empty()) {
      kept.push_back({{"path", each.path}, {"kept_because", reasons[i]}});
      text += "kept " + name + " (" + reasons[i] + ")\n";
      continue;
    }
    if (!command.dry_run) {
      remove_checkpoint(each.path);
      written.forget({each.path});
    }
    freed_bytes += each.bytes;
    deleted.push_back({{"path", each.path}, {"step", each.step}, {"bytes", each.bytes}});
    text += (command.dry_run ? "would delete " : "deleted ") + name + " (" + format_bytes(each.bytes) + ")\n";
  }
  text += std::to_string(deleted.size()) + (command.dry_run ? " would be deleted, " : " deleted, ") +
          format_bytes(freed_bytes) + (command.dry_run ? " would be freed\n" : " freed\n");
  if (command.json)
    text =
        text_of({{"dry_run", command.dry_run}, {"deleted", deleted}, {"kept", kept}, {"bytes_freed", freed_bytes}}, 2) +
        "\n";
  print_results(text);
  return exit_code::ok;
}

}  // namespace tlaunch
