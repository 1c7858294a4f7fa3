#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <set>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
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

// Before anything is deleted, verifies the checkpoints that the policy keeps: a damaged file must not be the reason why
// a valid one is deleted.
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

// If no checkpoint had the metric, none would be among the best, and all but the last would be deleted.
void check_monitor(const std::vector<CheckpointInfo>& checkpoints, const RetentionPolicy& policy) {
  if (policy.save_top_k <= 0) return;
  std::set<std::string> known;
  for (const CheckpointInfo& each : checkpoints)
    for (const auto& [name, value] : each.metrics) known.insert(name);
  if (known.empty() || known.contains(policy.monitor)) return;
  throw UsageError(format_text("no checkpoint has the metric {} (checkpoint.monitor); known: {}", policy.monitor,
                               joined({known.begin(), known.end()}, ", ")));
}

}  // namespace

int prune_command(const CheckpointsCommand& command) {
  const CheckpointPlace place = find_checkpoints(command.path, command.overrides);
  if (place.run_dir.empty())
    throw UsageError(format_text(
        "{}: does not belong to a run (no config.yaml); prune needs the policy of a run's folder", command.path));
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
      text += format_text("kept {} ({})\n", name, reasons[i]);
      continue;
    }
    if (!command.dry_run) {
      remove_checkpoint(each.path);
      written.forget({each.path});
    }
    freed_bytes += each.bytes;
    deleted.push_back({{"path", each.path}, {"step", each.step}, {"bytes", each.bytes}});
    const char* done = command.dry_run ? "would delete" : "deleted";
    text += format_text("{} {} ({})\n", done, name, format_bytes(each.bytes));
  }
  text += command.dry_run
              ? format_text("{} would be deleted, {} would be freed\n", deleted.size(), format_bytes(freed_bytes))
              : format_text("{} deleted, {} freed\n", deleted.size(), format_bytes(freed_bytes));
  if (command.json)
    text =
        text_of({{"dry_run", command.dry_run}, {"deleted", deleted}, {"kept", kept}, {"bytes_freed", freed_bytes}}, 2) +
        "\n";
  print_results(text);
  return exit_code::ok;
}

}  // namespace tlaunch
