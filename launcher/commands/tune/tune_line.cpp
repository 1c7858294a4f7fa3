#include "launcher/commands/tune/tune_line.h"

#include <algorithm>

#include "base/error.h"
#include "launcher/cli/command_parse.h"

namespace tlaunch {

TuneLine::TuneLine() {
  app_.add_option("CONFIG.yaml", values_.config, "The config to tune")->transform(path_value());
  app_.add_option("key=value", values_.overrides, "Config keys to change; the last one wins")->type_name("");
  nproc_option(app_, keys_.nproc, "default: launch.nproc");
  numa_option(app_, keys_.numa, "default: launch.numa");
  app_.add_flag("--test-only", test_only_, "Show the plan and change nothing (the default)");
  app_.add_flag(
      "--write", values_.write,
      "Write the measured values into CONFIG.yaml; comments, order and other values stay, and the original is "
      "saved as a dated backup");
  app_.add_option("--gpu", values_.gpu, "Predict the plan for a card that is not in this machine, as rtx_3060:12GB")
      ->type_name("NAME[:MEMORY]");
  app_.add_flag("--team", values_.team, "Add this card's entry to the team file (tune.team_file)");
  app_.add_flag("--retune", values_.retune, "Measure again, even if the cache holds a plan");
  app_.add_flag("--json", values_.json, "Print the plan as JSON on stdout");
  app_.footer(
      "Examples:\n  tlaunch tune --nproc 2 configs/fashion_mnist.yaml\n"
      "  tlaunch tune configs/fashion_mnist.yaml --write\n"
      "  tlaunch tune configs/fashion_mnist.yaml --gpu rtx_3060:12GB");
}

Parsed<TuneCommand> TuneLine::parse_command(const std::vector<std::string>& arguments, const TorchrunValues& torchrun) {
  const std::string help = parse(app_, arguments, "tlaunch tune");
  if (!help.empty()) return PrintCommand{help};
  if (values_.config.empty()) throw UsageError("tune needs a CONFIG.yaml  (see tlaunch tune --help)");
  if (test_only_ && (values_.write || values_.team))
    throw UsageError("--test-only changes no file: leave it out, or leave out --write and --team");
  if (!values_.gpu.empty() && values_.retune) throw UsageError("--gpu measures again each time: leave --retune out");
  if (!values_.gpu.empty() && (values_.write || values_.team))
    throw UsageError(
        "--gpu is for a card that is not in this machine: use --write and --team on a machine that has the card");
  check_overrides(values_.overrides);
  add_keys(keys_, torchrun, values_.overrides);
  const auto sets_ranks = [](const std::string& text) { return text.starts_with("launch.nproc="); };
  if (!values_.gpu.empty() && std::any_of(values_.overrides.begin(), values_.overrides.end(), sets_ranks))
    throw UsageError("--gpu predicts for one card: leave --nproc and launch.nproc out");
  return values_;
}

}  // namespace tlaunch
