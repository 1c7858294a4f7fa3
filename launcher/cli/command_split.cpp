#include "launcher/cli/command_split.h"

#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "base/file_extension.h"
#include "base/nearest.h"
#include "base/text.h"
#include "launcher/cli/command_parse.h"
#include "launcher/cli/torchrun_options.h"

namespace tlaunch {
namespace {

// Program mode from argument `at` on: the program and everything behind it are not the launcher's.
SplitArguments program_mode(SplitArguments split, const std::vector<std::string>& arguments, std::size_t at,
                            bool after_dashes) {
  split.word = "program";
  split.after_dashes = after_dashes;
  split.program.assign(arguments.begin() + static_cast<std::ptrdiff_t>(at), arguments.end());
  if (split.program.empty()) throw UsageError("-- needs a program after it");
  if (split.program[0].empty()) refuse_empty("the program's name");
  if (!after_dashes && split.program.size() > 1 && split.program[1] == "--")
    split.program.erase(split.program.begin() + 1);
  return split;
}

// The flag that an argument sets; nullptr for other arguments.
bool* python_flag(PythonFlags& flags, const std::string& argument) {
  if (argument == "-m") return &flags.module;
  const TorchrunOption* option = find_torchrun_option(argument);
  if (option == nullptr) return nullptr;
  bool* flag = option->name == "module"      ? &flags.module
               : option->name == "no-python" ? &flags.no_python
               : option->name == "run-path"  ? &flags.run_path
                                             : nullptr;
  if (flag != nullptr && argument.find('=') != std::string::npos)
    throw UsageError(format_text("--{} takes no value", option->name));
  return flag;
}

// The hint for a word that users of other tools or abbreviations type; "" for other words.
std::string meant_by(const std::string& word, const std::vector<std::string>& commands) {
  for (const char* training : {"run", "train", "launch", "start", "fit"})
    if (word == training) return "training needs no command word: tlaunch CONFIG.yaml";
  std::string command;
  constexpr std::size_t least = 3;
  for (const std::string& each : commands)
    if (word.size() >= least && each.starts_with(word)) command = each;
  return command.empty() ? "" : format_text("did you mean '{}'?", command);
}

[[noreturn]] void refuse_word(const std::string& word, const std::vector<std::string>& commands) {
  if (word.empty()) refuse_empty("the first argument");
  std::error_code error;
  const bool folder = std::filesystem::is_directory(word, error);
  const char* what =
      folder ? "a folder without __main__.py, so it is not a program" : "not a command, a CONFIG.yaml or a file";
  std::string hint;
  if (const std::string meant = meant_by(word, commands); !folder && !meant.empty()) {
    hint = meant;
  } else if (const auto near = nearest(word, commands)) {
    hint = format_text("did you mean '{}'?", *near);
  } else if (!folder && word.find('/') == std::string::npos) {
    hint = format_text("to start a program in PATH, write: tlaunch -- {}", printable(word, 60));
  }
  throw UsageError(joined({format_text("{} is {}", quoted(word), what), hint}, "; "));
}

}  // namespace

SplitArguments split_arguments(const std::vector<std::string>& arguments, const std::vector<std::string>& commands,
                               const std::function<bool(const std::string&)>& takes_value, const PythonFlags& flags) {
  SplitArguments split;
  split.word = "run";
  split.flags = flags;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--") return program_mode(std::move(split), arguments, i + 1, true);
    if (bool* flag = python_flag(split.flags, argument)) {
      *flag = true;
      continue;
    }
    if (argument.size() > 1 && argument.starts_with("-")) {
      split.own.push_back(argument);
      const std::size_t equals = argument.find('=');
      const bool has_value = takes_value(argument) && equals == std::string::npos;
      if (has_value && i + 1 < arguments.size()) split.own.push_back(arguments[++i]);
      continue;
    }
    if (split.flags.module || split.flags.no_python || split.flags.run_path)
      return program_mode(std::move(split), arguments, i, false);
    const auto rest = [&](std::size_t from) {
      split.own.insert(split.own.end(), arguments.begin() + static_cast<std::ptrdiff_t>(from), arguments.end());
      return split;
    };
    if (is_yaml_name(argument)) return rest(i);
    if (std::find(commands.begin(), commands.end(), argument) != commands.end()) {
      split.word = argument;
      return rest(i + 1);
    }
    std::error_code error;
    if (has_extension(argument, ".py") || std::filesystem::is_regular_file(argument, error) ||
        std::filesystem::exists(argument + "/__main__.py", error))
      return program_mode(std::move(split), arguments, i, false);
    refuse_word(argument, commands);
  }
  if (split.flags.module) throw UsageError("-m needs a module after it");
  if (split.flags.no_python) throw UsageError("--no-python needs a program after it");
  if (split.flags.run_path) throw UsageError("--run-path needs a script after it");
  return split;
}

}  // namespace tlaunch
