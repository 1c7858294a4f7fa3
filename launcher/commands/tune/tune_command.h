// tlaunch tune: the plan for a config, measured here or predicted for another card; written where asked for.
#pragma once

#include <string>
#include <vector>

namespace tlaunch {

struct TuneCommand {
  std::string config;
  std::vector<std::string> overrides;
  bool write = false;  // the tuned values into the config file
  bool team = false;   // this card's entry into the team file
  bool retune = false, json = false;
  std::string gpu;  // NAME[:MEMORY] of a card that is not here; "": this machine
};

int run_tune(const TuneCommand& command);

}  // namespace tlaunch
