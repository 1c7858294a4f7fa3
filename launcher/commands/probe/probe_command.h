// `tlaunch probe`: what this machine has.
#pragma once

#include <string>

#include "hardware/profile.h"

namespace tlaunch {

struct ProbeCommand {
  bool json = false;
};

// For people, a line a fact. Pure.
std::string probe_text(const HardwareProfile& hardware);

// Prints to stdout and returns the exit code.
int run_probe(const ProbeCommand& command);

}  // namespace tlaunch
