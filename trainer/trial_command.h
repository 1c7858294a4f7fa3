// Trial mode: measures what the launcher asks for on standard input, one TrialSpec a line, until it ends.
#pragma once

#include <iosfwd>

#include "core/run_config.h"
#include "trainer/context.h"
#include "trainer/ranks.h"

namespace tlaunch {

// All ranks read the same lines; each answers every one with a `trial` event (core/trial.h). An exception leaves
// through the caller: a process that has failed measures nothing more.
void run_trials(const WorkerContext& context, const RunConfig& config, const Ranks& ranks, std::istream& requests);

}  // namespace tlaunch
