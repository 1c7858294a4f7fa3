// `tlaunch tune`: makes the plan for a config, measured here or predicted for another card, and writes it on request.
#pragma once

#include <string>
#include <vector>

namespace tlaunch {

struct TuneCommand {
  std::string config;
  std::vector<std::string> overrides;
  bool write = false;  // write the tuned values into the config file
  bool team = false;   // write this card's entry into the team file
  bool retune = false, json = false;
  std::string gpu;  // NAME[:MEMORY] of a card that is not here; "": this machine
};

// Prints the plan to stdout and returns the exit code. Throws Error.
int run_tune(const TuneCommand& command);

}  // namespace tlaunch
