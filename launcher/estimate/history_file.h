// The outcomes of runs on this machine, a line each: $XDG_STATE_HOME/tlaunch/history.jsonl.
#pragma once

#include <vector>

#include "estimate/history.h"
#include "launcher/job/job.h"

namespace tlaunch {

// The same for runs of the same model, data, settings of a step, ranks, worker and machine, whatever their length.
std::string job_fingerprint(const Job& job);

// Oldest first; nothing where there is none, or it cannot be read.
RunHistory read_history();
// Does without where it cannot be written: no reason to end a run otherwise. Two runs that end at once both get in.
void append_to_history(const RunOutcome& outcome);

}  // namespace tlaunch
