// `tlaunch checkpoints list | verify | prune | export | import`. Results on stdout, narration on stderr.
#pragma once

#include <string>
#include <vector>

#include "checkpoint/folder/catalog.h"

namespace tlaunch {

struct CheckpointsCommand {
  enum class Verb { list, verify, prune, export_weights, import_weights };
  Verb verb = Verb::list;
  std::string path;                    // a run's folder, a folder of checkpoints, or a file
  std::vector<std::string> overrides;  // prune: keys of checkpoint:
  bool dry_run = false, json = false;
  std::string format;  // export: safetensors or torch; "": by the extension of the output
  std::string key;     // import: key of the dict with the weights; "": found by the file's layout
  std::string output;  // "": a name in the working directory, for export only
};

// Returns the exit code. Throws UsageError, DataError, IoError.
int run_checkpoints(const CheckpointsCommand& command);

int list_command(const CheckpointsCommand& command);
int verify_command(const CheckpointsCommand& command);  // 65 if a file is damaged
int prune_command(const CheckpointsCommand& command);
int export_command(const CheckpointsCommand& command);
int import_command(const CheckpointsCommand& command);

// The list for people, one line per checkpoint, columns aligned; `reasons` from kept_because() and `ages_s` are in the
// order of `checkpoints`. Pure.
std::string checkpoint_table(const std::vector<CheckpointInfo>& checkpoints, const std::vector<std::string>& reasons,
                             const std::vector<double>& ages_s, const std::string& monitor, bool colour);

}  // namespace tlaunch
