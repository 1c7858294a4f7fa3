// The settings of the run that wrote a checkpoint, read from the checkpoint, so that a resume needs no other file.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "checkpoint/data_identity.h"

namespace tlaunch {

struct RunTerms {
  // Fields that a checkpoint of an earlier version lacks are 0 or empty.
  std::int64_t effective_batch_size = 0;
  std::int64_t world_size = 0;
  DataIdentity data;                            // of the training
  std::string device;                           // "cpu" or "cuda"
  std::map<std::string, std::string> settings;  // resume_settings() of config/config_loader.h
};

// Reads them from the file's "tlaunch.state": {"run": {"effective_batch_size", "world_size", "train_samples", "data":
// {...}, "device", "settings": {key: text}}}. Throws the errors of SafetensorsFile.
RunTerms run_terms_of(const std::string& path);

}  // namespace tlaunch
