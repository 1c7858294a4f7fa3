// What a checkpoint says about the run that wrote it: a resume is the same run only if the order of samples is the
// same.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/json.h"
#include "checkpoint/data_identity.h"

namespace tlaunch {

struct RunIdentity {
  // These must be equal for a resume to continue the same order of samples.
  std::int64_t seed = 0, train_samples = 0, effective_batch_size = 0, steps_per_epoch = 0;
  // For the launcher (checkpoint/folder/run_terms.h), which compares them with the config of the run that resumes.
  std::int64_t world_size = 1;
  std::string device = "cpu";  // or cuda
  std::map<std::string, std::string> settings = {};
  DataIdentity data = {};
};

// "run" of a checkpoint's tlaunch.state.
Json to_json(const RunIdentity& identity);
// Reads what check_same_run() compares. Throws Json's exceptions if `json` has another shape.
RunIdentity run_identity_from_json(const Json& json);

// Throws DataError if the data differs, and UsageError that names another difference. `path`: of the checkpoint.
void check_same_run(const RunIdentity& saved, const RunIdentity& now, const std::string& path);

}  // namespace tlaunch
