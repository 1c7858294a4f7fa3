// Whether another launcher (srun, mpirun) starts this command several times; each copy would run the whole job. Pure.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/environment.h"

namespace tlaunch {

// `variables` is the environment. Throws UsageError with the change to make.
void check_started_once(const Getenv& variables);

// The note for a Slurm job with more nodes than the one that is used, which is `host`; "" for other jobs.
std::string unused_nodes_note(const Getenv& variables, const std::string& host);

}  // namespace tlaunch
