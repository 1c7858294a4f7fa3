// Small checkpoints in a run's folder, with a chosen metric.
#pragma once

#include <algorithm>

#include "base/json.h"
#include "checkpoint/folder/checkpoint_folder.h"
#include "tests/unit/checkpoint/fixture.h"

namespace tlaunch::test {

struct RunFolder {
  TempDir dir;
  RetentionPolicy policy;
  std::string checkpoints() const { return dir / "checkpoints"; }
  CheckpointFolder open(FileCalls& calls = system_calls(), const std::string& resumed_from = "") const {
    return CheckpointFolder(checkpoints(), dir.path(), policy, resumed_from, calls);
  }
  // The files there, without their extension; includes "last" if the link leads to a file.
  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(checkpoints()))
      found.push_back(entry.path().extension() == ".safetensors" ? entry.path().stem() : entry.path().filename());
    std::sort(found.begin(), found.end());
    return found;
  }
};

inline Metadata metadata_of(std::int64_t step, const std::map<std::string, double>& metrics) {
  Metadata metadata{{"tlaunch.step", std::to_string(step)}, {"tlaunch.epoch", "0"}};
  if (!metrics.empty()) metadata["tlaunch.metrics"] = without_nonfinite(metrics).dump();
  return metadata;
}

inline SaveResult save(CheckpointFolder& folder, std::int64_t step, const std::map<std::string, double>& metrics,
                       std::size_t floats = 16) {
  const std::vector<float> weight(floats, static_cast<float>(step));
  const std::string number = std::to_string(step);
  return folder.save("step_" + std::string(number.size() < 3 ? 3 - number.size() : 0, '0') + number,
                     {{"w", "F32", {static_cast<std::int64_t>(floats)}, std::as_bytes(std::span(weight))}},
                     metadata_of(step, metrics));
}
inline SaveResult save(CheckpointFolder& folder, std::int64_t step, double val_loss, std::size_t floats = 16) {
  return save(folder, step, {{"val_loss", val_loss}}, floats);
}

}  // namespace tlaunch::test
