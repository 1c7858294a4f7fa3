#include "launcher/commands/checkpoints/checkpoints_line.h"

#include <algorithm>

#include "base/error.h"
#include "base/nearest.h"
#include "base/text.h"
#include "launcher/cli/command_parse.h"

namespace tlaunch {
namespace {

using Verb = CheckpointsCommand::Verb;

struct VerbName {
  const char* name;
  Verb verb;
};
constexpr VerbName verbs[] = {{"list", Verb::list},
                              {"verify", Verb::verify},
                              {"prune", Verb::prune},
                              {"export", Verb::export_weights},
                              {"import", Verb::import_weights}};

constexpr const char* about_footer =
    "Usage: tlaunch checkpoints VERB ...\n\n"
    "  list RUN_DIR                     step, metric, size, age, validity, and why each one is kept\n"
    "  verify RUN_DIR|FILE              read everything; exit code 65 if a file is damaged\n"
    "  prune RUN_DIR [--dry-run]        delete the checkpoints that the run's policy does not keep\n"
    "  export RUN_DIR|FILE              write the model's weights, as .safetensors or torch.save's .pt\n"
    "  import FILE --output NEW_FILE    convert a Python state_dict, .safetensors or .pt\n\n"
    "See tlaunch checkpoints VERB --help.";

void positional(CLI::App& app, std::string& value, const std::string& name, const std::string& meaning) {
  app.add_option(name, value, meaning)->transform(path_value())->type_name("");
}

[[noreturn]] void refuse_verb(const std::string& word) {
  std::vector<std::string> known;
  for (const VerbName& each : verbs) known.push_back(each.name);
  const auto near = nearest(word, known);
  throw UsageError(format_text("checkpoints: {} is not a verb; use {}{}  (see tlaunch checkpoints --help)",
                               quoted(word), either(known), near ? format_text("; did you mean {}?", *near) : ""));
}

}  // namespace

CheckpointsLine::CheckpointsLine() {
  about_.footer(about_footer);
  const std::string folder = "A run's folder, or a folder of checkpoints";

  positional(list_, values_.path, "RUN_DIR", folder);
  list_.add_flag("--json", values_.json, "Print JSON");
  list_.footer("Example:\n  tlaunch checkpoints list runs/fashion_mnist/latest");

  positional(verify_, values_.path, "RUN_DIR|FILE", folder + ", or one checkpoint");
  verify_.add_flag("--json", values_.json, "Print JSON");
  verify_.footer(
      "Exit code: 0 if all files are valid, 65 if one is damaged, 74 if one cannot be read.\n\n"
      "Example:\n  tlaunch checkpoints verify runs/fashion_mnist/latest");

  positional(prune_, values_.path, "RUN_DIR", "A run's folder");
  prune_.add_option("key=value", values_.overrides, "Keys of checkpoint: to change for this command only")
      ->type_name("");
  prune_.add_flag("--dry-run", values_.dry_run, "Show what would be deleted; delete nothing");
  prune_.add_flag("--json", values_.json, "Print JSON");
  prune_.footer(
      "The policy comes from the run's config.yaml. prune never deletes files that the run did not write, damaged\n"
      "files, or the checkpoint that the run was resumed from. It refuses a run at work.\n\n"
      "Example:\n  tlaunch checkpoints prune runs/fashion_mnist/latest --dry-run checkpoint.save_top_k=1");

  positional(export_, values_.path, "RUN_DIR|FILE", folder + ": its newest valid checkpoint; or one checkpoint");
  export_
      .add_option("--format", values_.format,
                  "safetensors, or torch: for torch.load(FILE, weights_only=True) (default: torch for .pt and .pth)")
      ->transform(one_of({"safetensors", "torch"}))
      ->type_name("safetensors|torch");
  export_
      .add_option("--output", values_.output,
                  "The file to write (default: <checkpoint>-weights.safetensors or <checkpoint>.pt here)")
      ->transform(path_value())
      ->type_name("FILE");
  export_.footer(
      "Examples:\n  tlaunch checkpoints export runs/fashion_mnist/latest --format torch --output weights.pt\n"
      "  tlaunch checkpoints export runs/a/checkpoints/epoch_04-step_936.safetensors");

  positional(import_, values_.path, "FILE", "A state_dict: .safetensors, or a .pt of torch.save");
  import_.add_option("--output", values_.output, "The .safetensors file to write")
      ->transform(path_value())
      ->type_name("FILE.safetensors");
  import_
      .add_option("--key", values_.key,
                  "The dict of a .pt to import, such as model_ema or ckpt/model; . for the top level. Needed if\n"
                  "several dicts can be the weights")
      ->type_name("NAME");
  import_.footer(
      "Only tensors, numbers, texts, lists and dicts of a .pt are read; no code in the file runs. From a training\n"
      "script's file only the weights are imported, and the parts that are left out are named.\n\n"
      "Example:\n  tlaunch checkpoints import weights.pt --output weights.safetensors\n"
      "  tlaunch configs/fashion_mnist.yaml model.weights=weights.safetensors");
}

Parsed<CheckpointsCommand> CheckpointsLine::parse_command(const std::vector<std::string>& arguments) {
  std::vector<std::string> rest = arguments;
  const auto is_verb = [](const std::string& word) {
    return std::any_of(std::begin(verbs), std::end(verbs), [&](const VerbName& each) { return word == each.name; });
  };
  const auto word = std::find_if(rest.begin(), rest.end(), is_verb);
  if (word == rest.end()) {
    if (!rest.empty() && !rest.front().empty() && !rest.front().starts_with("-")) refuse_verb(rest.front());
    const std::string help = parse(about_, rest, "tlaunch checkpoints");
    if (!help.empty()) return PrintCommand{help};
    throw UsageError("checkpoints needs list, verify, prune, export or import  (see tlaunch checkpoints --help)");
  }
  const auto found =
      std::find_if(std::begin(verbs), std::end(verbs), [&](const VerbName& each) { return *word == each.name; });
  const std::string name = std::string("checkpoints ") + found->name;
  rest.erase(word);

  values_.verb = found->verb;
  CLI::App* const all[] = {&list_, &verify_, &prune_, &export_, &import_};
  CLI::App& app = *all[found - std::begin(verbs)];
  const std::string help = parse(app, rest, "tlaunch " + name);
  if (!help.empty()) return PrintCommand{help};
  const std::string see = "  (see tlaunch " + name + " --help)";
  if (values_.path.empty())
    throw UsageError(
        format_text("{} needs a {}{}", name, values_.verb == Verb::import_weights ? "FILE" : "RUN_DIR", see));
  if (values_.verb == Verb::import_weights && values_.output.empty())
    throw UsageError(format_text("{} needs --output FILE.safetensors{}", name, see));
  check_overrides(values_.overrides);
  return values_;
}

}  // namespace tlaunch
