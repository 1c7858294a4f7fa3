#include "launcher/commands/evaluate/evaluate_line.h"

#include "base/error.h"
#include "launcher/cli/command_parse.h"

namespace tlaunch {

EvaluateLine::EvaluateLine() {
  app_.add_option("CONFIG.yaml", values_.config, "The config that the checkpoint was trained with")
      ->transform(path_value());
  app_.add_option("key=value", values_.overrides, "Config keys to change; the last one wins")->type_name("");
  app_.add_option("--checkpoint", values_.checkpoint, "The checkpoint: a .safetensors file")
      ->transform(path_value())
      ->type_name("PATH");
  nproc_option(app_, keys_.nproc, "default: launch.nproc");
  numa_option(app_, keys_.numa, "default: launch.numa");
  app_.add_flag("--json", values_.json, "Print the metrics as JSON");
  app_.footer(
      "Example:\n  tlaunch evaluate configs/deeplog_dpkg.yaml \\\n"
      "          --checkpoint runs/deeplog_dpkg/latest/checkpoints/epoch_10-step_80.safetensors");
}

Parsed<EvaluateCommand> EvaluateLine::parse_command(const std::vector<std::string>& arguments,
                                                    const TorchrunValues& torchrun) {
  const std::string help = parse(app_, arguments, "tlaunch evaluate");
  if (!help.empty()) return PrintCommand{help};
  if (values_.config.empty()) throw UsageError("evaluate needs a CONFIG.yaml  (see tlaunch evaluate --help)");
  if (values_.checkpoint.empty()) throw UsageError("evaluate needs --checkpoint PATH  (see tlaunch evaluate --help)");
  check_overrides(values_.overrides);
  add_keys(keys_, torchrun, values_.overrides);
  return values_;
}

}  // namespace tlaunch
