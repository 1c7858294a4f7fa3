// On what terms a checkpoint's run trains, as the checkpoint itself says it, so that a resume needs no other file.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "checkpoint/data_identity.h"

namespace tlaunch {

struct RunTerms {
  std::int64_t effective_batch_size = 0;        // 0: not told
  std::int64_t world_size = 0;                  // 0: not told (by a checkpoint of an earlier version)
  DataIdentity data;                            // what it was trained on; empty: not told
  std::string device;                           // "cpu" or "cuda"; "": not told, either
  std::map<std::string, std::string> settings;  // resume_settings() of config/config_loader.h; empty: not told
};

// Out of the file's "tlaunch.state": {"run": {"effective_batch_size", "world_size", "train_samples", "data": {...},
// "device", "settings": {key: text}}}. Throws what SafetensorsFile throws.
RunTerms run_terms_of(const std::string& path);

}  // namespace tlaunch
