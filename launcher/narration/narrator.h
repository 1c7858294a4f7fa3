// What a person reads on stderr while a run trains: the lines for each event. Pure: events in, lines out; the caller
// prints them.
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
  double elapsed_s = 0;   // since the group of workers was started
  bool whole_run = true;  // false: a smoke test has shortened the epochs, so their numbers would mislead
};

// The lines for one event of a worker; none for most. An event that is rank 0's to write counts from rank 0 alone.
std::vector<std::string> narrate(const StampedEvent& event, const NarrationContext& context);

// The lines for what the launcher itself finds.
std::string estimate_text(const TimeEstimate& estimate);  // made from the first steps
std::string eta_text(const EtaEvent& eta);                // at an epoch's end
// `step`: of the checkpoint that it goes on from; nothing: it begins anew.
std::string restart_text(const RestartEvent& restart, std::int64_t max_restarts, std::optional<std::int64_t> step);
// `stacks_folder`: where the stack of each rank is written; "": nowhere.
std::vector<std::string> hang_lines(const HangVerdict& verdict, const std::string& stacks_folder);

}  // namespace tlaunch
