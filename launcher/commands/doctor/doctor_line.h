// The command line of `tlaunch doctor`.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "launcher/cli/print_command.h"
#include "launcher/commands/doctor/doctor_command.h"

namespace tlaunch {

class DoctorLine {
 public:
  DoctorLine();
  // `arguments` without the word doctor. Throws UsageError.
  Parsed<DoctorCommand> parse_command(const std::vector<std::string>& arguments);
  const CLI::App& app() const { return app_; }

 private:
  CLI::App app_{
      "Writes one archive for a bug report: this machine's hardware, versions, the events, logs, config and plan of\n"
      "the last run, and the names of the environment variables. Changes nothing else.",
      "tlaunch doctor"};
  DoctorCommand values_;
};

}  // namespace tlaunch
