// The outcomes of runs on this machine, one per line: $XDG_STATE_HOME/tlaunch/history.jsonl.
#pragma once

#include <vector>

#include "estimate/history.h"
#include "launcher/job/job.h"

namespace tlaunch {

// Equal for runs with the same model, data, settings of a step, ranks, worker and machine; their length does not
// matter.
std::string job_fingerprint(const Job& job);

// Oldest first; empty if there is no history or it cannot be read.
RunHistory read_history();
// Does nothing if the file cannot be written, because that must not change how a run ends. Two runs that end at the
// same time are both recorded.
void append_to_history(const RunOutcome& outcome);

}  // namespace tlaunch
