// Trial mode: measures what the launcher asks for on standard input, one TrialSpec a line, until it ends.
#pragma once

#include <iosfwd>

#include "config/run_config.h"
#include "trainer/ranks/context.h"
#include "trainer/ranks/ranks.h"

namespace tlaunch {

// All ranks read the same lines; each answers every one with a `trial` event (contract/trial.h). An exception leaves
// through the caller: a process that has failed measures nothing more.
void run_trials(const WorkerContext& context, const RunConfig& config, const Ranks& ranks, std::istream& requests);

}  // namespace tlaunch
