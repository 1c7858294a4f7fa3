// Checks data, model and weights of a job with one worker process, before anything is measured or started, so that an
// error is reported once. A good answer is stored in the cache folder and used again, without a process, as long as the
// worker, the config and the files are the same.
#pragma once

#include <optional>

#include "checkpoint/data_identity.h"
#include "launcher/job/job.h"

namespace tlaunch {

// Throws Error with the exit code that the run would have had. Returns nothing if the worker cannot check or needs more
// than half a minute; then the ranks report errors.
std::optional<DataIdentity> check_job(const LoadedJob& job, const JobRequest& request);

// Throws UsageError if the effective batch is larger than the data.
void check_batch(const Job& job);

}  // namespace tlaunch
