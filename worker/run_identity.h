// What a checkpoint says of the run that wrote it: a resume is the same run only where the order of samples is.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/json.h"
#include "checkpoint/data_identity.h"

namespace tlaunch {

struct RunIdentity {
  // What must be equal for a resume to continue the same order of samples.
  std::int64_t seed = 0, train_samples = 0, effective_batch_size = 0, steps_per_epoch = 0;
  // For the launcher (checkpoint/folder/run_terms.h), which compares them with the config of the run that goes on.
  std::int64_t world_size = 1;
  std::string device = "cpu";  // or cuda
  std::map<std::string, std::string> settings = {};
  DataIdentity data = {};
};

// "run" of a checkpoint's tlaunch.state.
Json to_json(const RunIdentity& identity);
// What check_same_run() compares. Throws what Json throws where it is not that.
RunIdentity run_identity_from_json(const Json& json);

// Throws DataError for other data, and UsageError that names what else differs. `path`: of the checkpoint.
void check_same_run(const RunIdentity& saved, const RunIdentity& now, const std::string& path);

}  // namespace tlaunch
