// `tlaunch probe`: shows the hardware of this machine.
#pragma once

#include <string>

#include "hardware/profile.h"

namespace tlaunch {

struct ProbeCommand {
  bool json = false;
};

// The report for people, one fact per line. Pure.
std::string probe_text(const HardwareProfile& hardware);

// Prints to stdout and returns the exit code.
int run_probe(const ProbeCommand& command);

}  // namespace tlaunch
