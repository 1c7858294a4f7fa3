// The command line as plain values. Commands: the run command (the default, with a config), a plain program, probe,
// evaluate, tune, estimate, checkpoints, doctor; and the texts of --help and --version. Options may stand before or
// after the command's word. Errors are UsageError with the nearest known name.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "base/environment.h"
#include "launcher/cli/print_command.h"
#include "launcher/commands/checkpoints/checkpoints_command.h"
#include "launcher/commands/doctor/doctor_command.h"
#include "launcher/commands/estimate/estimate_command.h"
#include "launcher/commands/evaluate/evaluate_command.h"
#include "launcher/commands/probe/probe_command.h"
#include "launcher/commands/program/program_command.h"
#include "launcher/commands/run/run_command.h"
#include "launcher/commands/tune/tune_command.h"

namespace tlaunch {

using Command = std::variant<RunCommand, ProgramCommand, ProbeCommand, EvaluateCommand, TuneCommand, CheckpointsCommand,
                             EstimateCommand, DoctorCommand, PrintCommand>;

// `arguments` without the name of the program itself. `variables` is the environment, read for torchrun's PET_
// variables.
Command parse_command_line(const std::vector<std::string>& arguments, const Getenv& variables);

}  // namespace tlaunch
