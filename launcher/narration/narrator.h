// The lines on stderr while a run trains. Pure: takes events, returns lines; the caller prints them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "contract/event_codec.h"
#include "estimate/time_estimate.h"
#include "processes/hang/hang_verdict.h"

namespace tlaunch {

struct NarrationContext {
  double elapsed_s = 0;   // since the start of the group of workers
  bool whole_run = true;  // false: a smoke test has shortened the epochs, so their numbers would mislead
};

// The lines for one event of a worker; most events have none. An event that only rank 0 should write is ignored if it
// comes from another rank.
std::vector<std::string> narrate(const StampedEvent& event, const NarrationContext& context);

// The lines for events of the launcher itself.
std::string estimate_text(const TimeEstimate& estimate);  // made from the first steps
std::string eta_text(const EtaEvent& eta);                // at an epoch's end
// `step`: of the checkpoint that the run continues from; empty: it starts from the beginning.
std::string restart_text(const RestartEvent& restart, std::int64_t max_restarts, std::optional<std::int64_t> step);
// `stacks_folder`: the folder that gets the stack of each rank; "": none.
std::vector<std::string> hang_lines(const HangVerdict& verdict, const std::string& stacks_folder);

}  // namespace tlaunch
