#include "launcher/command_line.h"

#include "base/environment.h"
#include "launcher/cli/command_parse.h"
#include "launcher/cli/command_split.h"
#include "launcher/cli/completion.h"
#include "launcher/cli/torchrun_options.h"
#include "launcher/commands/checkpoints/checkpoints_line.h"
#include "launcher/commands/doctor/doctor_line.h"
#include "launcher/commands/estimate/estimate_line.h"
#include "launcher/commands/evaluate/evaluate_line.h"
#include "launcher/commands/probe/probe_line.h"
#include "launcher/commands/program/program_line.h"
#include "launcher/commands/run/run_line.h"
#include "launcher/commands/tune/tune_line.h"

namespace tlaunch {
namespace {

const std::vector<std::string>& command_words() {
  static const std::vector<std::string> words = {"probe", "evaluate", "tune", "estimate", "checkpoints", "doctor"};
  return words;
}

// The options of every command: for parsing, and to look up which options take a value.
struct Parsers {
  RunLine run;
  ProgramLine program;
  ProbeLine probe;
  EvaluateLine evaluate;
  TuneLine tune;
  EstimateLine estimate;
  CheckpointsLine checkpoints;
  DoctorLine doctor;
};

// The option of this name in any command; nullptr if there is none.
const CLI::Option* own_option(const Parsers& parsers, const std::string& argument) {
  const std::string name = argument.substr(0, argument.find('='));
  std::vector<const CLI::App*> apps{&parsers.run.app(),      &parsers.program.app(), &parsers.probe.app(),
                                    &parsers.evaluate.app(), &parsers.tune.app(),    &parsers.estimate.app(),
                                    &parsers.doctor.app()};
  for (const CLI::App* app : parsers.checkpoints.apps()) apps.push_back(app);
  for (const CLI::App* app : apps) {
    if (const CLI::Option* known = app->get_option_no_throw(name)) return known;
  }
  return nullptr;
}

// Whether an option before the first word is followed by a value. It may belong to any command.
bool takes_value(const Parsers& parsers, const std::string& argument) {
  if (const CLI::Option* known = own_option(parsers, argument)) return known->get_items_expected_max() > 0;
  if (find_torchrun_option(argument) != nullptr) return torchrun_value_follows(argument);
  refuse_unknown(parsers.run.app(), argument, "tlaunch");
}

// The options on the command line, which take precedence, and those of PET_ variables.
TorchrunValues torchrun_values(TorchrunValues given, const Getenv& variables, bool program) {
  add_torchrun_variables(given, variables, program);
  return given;
}

// Every command with its options, taken from the parsers.
std::vector<CompletionCommand> completion_commands(const Parsers& parsers) {
  std::vector<CompletionCommand> commands{{"", options_of(parsers.run.app()), true},
                                          {"probe", options_of(parsers.probe.app()), false},
                                          {"evaluate", options_of(parsers.evaluate.app()), true},
                                          {"tune", options_of(parsers.tune.app()), true},
                                          {"estimate", options_of(parsers.estimate.app()), true},
                                          {"doctor", options_of(parsers.doctor.app()), false},
                                          {"checkpoints", {}, false}};
  for (const CLI::App* verb : parsers.checkpoints.apps()) {
    commands.push_back({verb->get_name().substr(std::string("tlaunch ").size()), options_of(*verb), false});
  }
  for (const TorchrunOption& option : torchrun_options()) {
    commands[0].options.push_back({option.letter == 0 ? "" : std::string("-") + option.letter,
                                   "--" + option.name,
                                   option.help,
                                   option.takes_value,
                                   {}});
  }
  return commands;
}

}  // namespace

Command parse_command_line(const std::vector<std::string>& arguments, const Getenv& variables) {
  Parsers parsers;
  const PythonFlags flags{torchrun_flag_variable(variables, "module"), torchrun_flag_variable(variables, "no-python"),
                          torchrun_flag_variable(variables, "run-path")};
  SplitArguments split = split_arguments(
      arguments, command_words(), [&](const std::string& argument) { return takes_value(parsers, argument); }, flags);
  const std::vector<std::string> untouched = split.own;
  const TorchrunValues torchrun =
      take_torchrun(split.own, [&](const std::string& argument) { return own_option(parsers, argument) != nullptr; });
  const auto command = [](auto parsed) {
    return std::visit([](auto& any) -> Command { return std::move(any); }, parsed);
  };
  if (split.word == "program")
    return command(
        parsers.program.parse_command(std::move(split), torchrun_values(torchrun, variables, true), parsers.run.app()));
  if (split.word == "probe") return command(parsers.probe.parse_command(untouched));
  if (split.word == "doctor") return command(parsers.doctor.parse_command(untouched));
  if (split.word == "evaluate") return command(parsers.evaluate.parse_command(split.own, torchrun));
  if (split.word == "tune") return command(parsers.tune.parse_command(split.own, torchrun));
  if (split.word == "estimate") return command(parsers.estimate.parse_command(split.own, torchrun));
  if (split.word == "checkpoints") return command(parsers.checkpoints.parse_command(untouched));
  const auto completion = [&](const std::string& shell) {
    return completion_script(shell, completion_commands(parsers));
  };
  return command(parsers.run.parse_command(split.own, torchrun_values(torchrun, variables, false), completion));
}

}  // namespace tlaunch
