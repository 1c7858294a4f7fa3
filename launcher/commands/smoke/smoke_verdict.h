// The verdict of a smoke test from what its two parts told. Pure.
#pragma once

#include <string>
#include <vector>

#include "launcher/commands/smoke/smoke_record.h"
#include "launcher/run/summary.h"

namespace tlaunch {

// `first`: the part from nothing over `epochs` shortened epochs; `second`: the part resumed from the first epoch's
// checkpoint, without events where it was never started. `exact`: on the CPU equal work gives equal bits; elsewhere the
// losses may differ by a thousandth. Where the first part broke off, only what it came to is judged.
SmokeVerdict smoke_verdict(const SmokeRecord& first, const SmokeRecord& second, bool exact);

// A check's name for people: "memory_steady" is "memory". JSON has the name itself.
std::string words_of(const std::string& check);

}  // namespace tlaunch
