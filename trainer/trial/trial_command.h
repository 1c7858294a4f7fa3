// Trial mode: runs the trials that the launcher asks for on standard input, one TrialSpec per line, until the input
// ends.
#pragma once

#include <iosfwd>

#include "config/run_config.h"
#include "trainer/ranks/context.h"
#include "trainer/ranks/ranks.h"

namespace tlaunch {

// All ranks read the same lines, and each answers every line with a `trial` event (contract/trial.h). Exceptions pass
// through: a process that has failed measures nothing more.
void run_trials(const WorkerContext& context, const RunConfig& config, const Ranks& ranks, std::istream& requests);

}  // namespace tlaunch
