// Whether a launcher above us (srun, mpirun) starts this command several times: each would be a whole job. Pure.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/environment.h"

namespace tlaunch {

// `variables` is the environment. Throws UsageError that says what to change.
void check_started_once(const Getenv& variables);

// What to say where a Slurm job has more nodes than the one that is used, which is `host`; "" where it has not.
std::string unused_nodes_note(const Getenv& variables, const std::string& host);

}  // namespace tlaunch
