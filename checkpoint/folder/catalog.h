// The checkpoints of a run folder.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "checkpoint/safetensors/safetensors.h"

namespace tlaunch {

// Names in a checkpoint that are not the model's own: tensors (optimizer, generators) and metadata.
inline constexpr const char* reserved_prefix = "tlaunch.";
// Every checkpoint of ours carries these in its metadata: step and epoch (decimal), the metrics (a JSON object of
// numbers as base/json.h writes them; absent before the first evaluation) and the rest of the training state (JSON, the
// trainer's).
inline constexpr const char* step_key = "tlaunch.step";
inline constexpr const char* epoch_key = "tlaunch.epoch";
inline constexpr const char* metrics_key = "tlaunch.metrics";
inline constexpr const char* state_key = "tlaunch.state";
inline constexpr const char* format_key = "tlaunch.format";  // a number; missing: 1
inline constexpr int newest_format = 1;                      // another one where this version's reader would fail

struct CheckpointInfo {
  std::string path;  // absolute, without . and ..
  std::int64_t step = 0, epoch = 0;
  std::map<std::string, double> metrics;
  std::uint64_t bytes = 0;
  bool valid = false;       // header and size are right; verify() of SafetensorsFile reads everything
  std::string reason;       // why not valid
  bool unreadable = false;  // the system does not let us read it now, whatever it holds
};

// What the three keys of the metadata say: step, epoch, metrics; `valid` and the file's own are left as they are.
// Throws DataError where they are not those of a checkpoint of ours.
CheckpointInfo checkpoint_info(const Metadata& metadata);
// The same of a file, whose path the message begins with.
CheckpointInfo checkpoint_info(const SafetensorsFile& file);

// All *.safetensors in `dir` that are no symbolic links, newest step first; invalid ones last. Tolerates files that
// vanish. Empty where `dir` is absent; IoError where it cannot be listed.
std::vector<CheckpointInfo> list_checkpoints(const std::string& dir);

struct ResumeChoice {
  std::string path;                  // "" where none is valid
  std::vector<std::string> skipped;  // "name: why", in list_checkpoints' order
  std::size_t not_asked_for = 0;     // valid ones that do not count
};

// The newest checkpoint that passes SafetensorsFile::verify, of those for whose path `counts` holds. `skipped` also
// names every file that is damaged: it may have been a newer one. Throws IoError where a file that counts cannot be
// read now (permissions, a bad disk): nobody knows whether it is the newest.
ResumeChoice newest_valid(
    const std::string& dir,
    const std::function<bool(const std::string& path)>& counts = [](const std::string&) { return true; });

}  // namespace tlaunch
