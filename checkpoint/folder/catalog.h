// The checkpoints in a folder.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "checkpoint/safetensors/safetensors.h"

namespace tlaunch {

// Prefix of the names in a checkpoint that are not the model's: tensors (optimizer, generators) and metadata.
inline constexpr const char* reserved_prefix = "tlaunch.";
// Metadata keys of every tlaunch checkpoint: step and epoch (decimal), the metrics (a JSON object of numbers as
// base/json.h writes them; absent before the first evaluation) and the rest of the training state (JSON that the
// trainer writes and reads).
inline constexpr const char* step_key = "tlaunch.step";
inline constexpr const char* epoch_key = "tlaunch.epoch";
inline constexpr const char* metrics_key = "tlaunch.metrics";
inline constexpr const char* state_key = "tlaunch.state";
inline constexpr const char* format_key = "tlaunch.format";  // a number; missing: 1
inline constexpr int newest_format = 1;                      // increases when older versions cannot read the new files

struct CheckpointInfo {
  std::string path;  // absolute, without . and ..
  std::int64_t step = 0, epoch = 0;
  std::map<std::string, double> metrics;
  std::uint64_t bytes = 0;
  bool valid = false;       // header and size are right; only SafetensorsFile::verify() checks the data
  std::string reason;       // why it is not valid
  bool unreadable = false;  // the system cannot read it now, so it may be valid
};

// Step, epoch and metrics from the metadata; the other fields keep their defaults. Throws DataError if the metadata is
// not a tlaunch checkpoint's.
CheckpointInfo checkpoint_info(const Metadata& metadata);
// The same for a file; the message begins with its path.
CheckpointInfo checkpoint_info(const SafetensorsFile& file);

// All *.safetensors in `dir` except symbolic links and hidden files, newest step first, invalid ones last. Tolerates
// files that vanish. Empty if `dir` does not exist; throws IoError if it cannot be listed.
std::vector<CheckpointInfo> list_checkpoints(const std::string& dir);

struct ResumeChoice {
  std::string path;                  // "" if none is valid
  std::vector<std::string> skipped;  // "name: why", in list_checkpoints' order
  std::size_t not_asked_for = 0;     // number of valid ones for which `counts` is false
};

// The newest checkpoint that passes SafetensorsFile::verify, among those for whose path `counts` is true. `skipped`
// names the damaged ones among them: one of those may have been newer. Throws IoError if one of them cannot be read now
// (permissions, a bad disk): it may be the newest.
ResumeChoice newest_valid(
    const std::string& dir,
    const std::function<bool(const std::string& path)>& counts = [](const std::string&) { return true; });

}  // namespace tlaunch
