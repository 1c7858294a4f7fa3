// Whether a job's data, model and weights can be had, asked of one worker process before anything is measured or
// started, so that it is told once. An answer that all is well is kept in the cache folder as long as the worker, the
// config and the files are the same; then nothing is started.
#pragma once

#include <optional>

#include "checkpoint/data_identity.h"
#include "launcher/job/job.h"

namespace tlaunch {

// Throws Error with the exit code that the run would have had. Nothing where the worker
// is of a kind that cannot tell, or is not done within half a minute: then the ranks tell.
std::optional<DataIdentity> check_job(const LoadedJob& job, const JobRequest& request);

// Throws UsageError where the effective batch is larger than the data.
void check_batch(const Job& job);

}  // namespace tlaunch
