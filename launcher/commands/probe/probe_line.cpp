#include "launcher/commands/probe/probe_line.h"

#include "launcher/cli/command_parse.h"

namespace tlaunch {

ProbeLine::ProbeLine() {
  app_.add_flag("--json", values_.json, "Print JSON");
  app_.footer("Example:\n  tlaunch probe --json");
}

Parsed<ProbeCommand> ProbeLine::parse_command(const std::vector<std::string>& arguments) {
  const std::string help = parse(app_, arguments, "tlaunch probe");
  if (!help.empty()) return PrintCommand{help};
  return values_;
}

}  // namespace tlaunch
