// The verdict of a smoke test from the events of its two parts. Pure.
#pragma once

#include <string>
#include <vector>

#include "launcher/commands/smoke/smoke_record.h"
#include "launcher/run/summary.h"

namespace tlaunch {

// `first`: the part that trained shortened epochs from nothing. `second`: the part that was resumed from the first
// epoch's checkpoint; it has no events if it was never started. `exact`: on the CPU the losses must be equal bit for
// bit; elsewhere they may differ by a thousandth. If the first part broke off, only the checks it reached are made.
SmokeVerdict smoke_verdict(const SmokeRecord& first, const SmokeRecord& second, bool exact);

// A check's name for people: "memory does not grow" for "memory_steady". JSON has the name itself.
std::string words_of(const std::string& check);

}  // namespace tlaunch
