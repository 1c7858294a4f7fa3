#include "launcher/commands/estimate/estimate_line.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "launcher/cli/command_parse.h"

namespace tlaunch {
namespace {

constexpr const char* figures_group = "Figures, instead of a config";

// A figure that has no effect unless one of the others is given too.
struct Needed {
  const char* option;
  std::vector<const char*> one_of;
};

const std::vector<Needed>& needed_beside() {
  static const std::vector<Needed> all = {
      {"--step-time", {"--steps", "--steps-per-epoch"}},
      {"--phases", {"--kimg"}},
      {"--checkpoint-every", {"--kimg"}},
      {"--steps-per-epoch", {"--epochs"}},
      {"--steps-per-epoch", {"--step-time", "--throughput", "--elapsed"}},
      {"--done", {"--steps", "--elapsed"}},
      {"--elapsed", {"--steps", "--steps-per-epoch"}},
      {"--since-step", {"--elapsed"}},
      {"--start-up", {"--elapsed"}},
      {"--checkpoint-size", {"--epochs", "--checkpoint-every"}},
      {"--every-n-epochs", {"--epochs"}},
      {"--save-top-k", {"--checkpoint-size"}},
      {"--save-last", {"--checkpoint-size"}},
      {"--base-size", {"--checkpoint-size"}},
      {"--data-size", {"--checkpoint-size"}},
      {"--other-size", {"--checkpoint-size"}},
      {"--log-size", {"--checkpoint-size"}},
      {"--log-size", {"--epochs"}},
  };
  return all;
}

// Throws UsageError for an option that only an estimate without a config takes.
void refuse_figures(const CLI::App& app) {
  for (const CLI::Option* option : app.get_options())
    if (option->get_group() == figures_group && option->count() > 0)
      throw UsageError(
          format_text("{} is for an estimate from figures alone, without a CONFIG.yaml (tlaunch estimate --kimg 300 "
                      "--throughput 54-72kimg/h): leave out the option or the config; to change a key of the config, "
                      "write for example train.epochs=3",
                      option->get_name()));
}

// Throws UsageError for a figure that would have no effect.
void check_needed(const CLI::App& app) {
  for (const Needed& needed : needed_beside()) {
    if (app.count(needed.option) == 0) continue;
    const bool found = std::any_of(needed.one_of.begin(), needed.one_of.end(),
                                   [&](const char* other) { return app.count(other) > 0; });
    if (!found)
      throw UsageError(format_text("{} needs {}  (see tlaunch estimate --help)", needed.option,
                                   either({needed.one_of.begin(), needed.one_of.end()})));
  }
}

}  // namespace

EstimateLine::EstimateLine() {
  nproc_option(app_, keys_.nproc, "default: launch.nproc");
  FigureOptions& figures = values_.figures;
  const auto text = [&](const char* name, std::string& value, const char* meaning, const char* type) {
    app_.add_option(name, value, meaning)->type_name(type)->group(figures_group);
  };
  const auto number = [&](const char* name, auto& value, const char* meaning) {
    app_.add_option(name, value, meaning)
        ->transform(value_of({.type = OptionType::integer}))
        ->type_name("N")
        ->group(figures_group);
  };
  app_.add_option("CONFIG.yaml", values_.config, "The config to estimate")->transform(path_value());
  app_.add_option("key=value", values_.overrides, "Config keys to change; the last one wins")->type_name("");
  app_.add_option("--horizons", values_.horizons,
                  "Lengths to estimate, in epochs, as 5,10,20 (default: around the config's)")
      ->type_name("LIST");
  app_.add_option("--deadline", values_.deadline,
                  "Say whether the run is done within TIME, as 3d, and if not, what to change")
      ->type_name("TIME");
  app_.add_flag("--json", values_.json, "Print JSON");

  text("--throughput", figures.throughput, "Speed of all ranks together, as 54-72kimg/h, 300img/s or 6.8steps/s",
       "RATE");
  text("--step-time", figures.step_time, "Time of a step, as 145ms", "TIME");
  text("--kimg", figures.kimg, "Lengths in thousand samples, as 300,1000,2500", "LIST");
  text("--epochs", figures.epochs, "Lengths in epochs, as 5,10,20", "LIST");
  text("--phases", figures.phases, "Ends of the run's phases in thousand samples, as 50,200,300", "LIST");
  number("--steps-per-epoch", figures.steps_per_epoch, "Steps of an epoch, for --epochs and --step-time");
  number("--steps", figures.steps, "Steps of the whole run");
  number("--done", figures.done, "Steps done so far");
  text("--elapsed", figures.elapsed, "Time since this session began, as 5680s", "TIME");
  number("--since-step", figures.since_step, "Step at which this session began (0)");
  text("--start-up", figures.start_up, "The part of --elapsed before the first step", "TIME");
  text("--checkpoint-size", figures.checkpoint_size, "Size of one checkpoint, as 6.9GB", "SIZE");
  text("--checkpoint-every", figures.checkpoint_every, "Samples between two checkpoints, as 50kimg, for --kimg",
       "KIMG");
  app_.add_option("--save-top-k", figures.save_top_k, "Keep the K best checkpoints; -1: all (-1)")
      ->transform(value_of({.type = OptionType::integer}))
      ->type_name("K")
      ->group(figures_group);
  app_.add_option("--every-n-epochs", figures.every_n_epochs, "Save a checkpoint every N epochs (1)")
      ->transform(integer_within(1, 1'000'000))
      ->type_name("N")
      ->group(figures_group);
  app_.add_flag("--save-last", figures.save_last, "Keep the last checkpoint as well")->group(figures_group);
  text("--base-size", figures.base_size, "Size of the model that training starts from", "SIZE");
  text("--data-size", figures.data_size, "Size of the data set", "SIZE");
  text("--other-size", figures.other_size, "Size of everything else", "SIZE");
  text("--log-size", figures.log_size, "Size of the logs per epoch (10.2MB)", "SIZE");
  app_.footer(
      "Examples:\n  tlaunch estimate configs/fashion_mnist.yaml --horizons 5,10,20\n"
      "  tlaunch estimate --throughput 54-72kimg/h --kimg 300,1000,2500 --checkpoint-every 50kimg\n"
      "  tlaunch estimate --checkpoint-size 6.9GB --epochs 5,10,20 --save-top-k 3 --every-n-epochs 5 --save-last\n"
      "  tlaunch estimate --steps 5702600 --done 843200 --elapsed 5680s --since-step 805000");
}

Parsed<EstimateCommand> EstimateLine::parse_command(const std::vector<std::string>& arguments,
                                                    const TorchrunValues& torchrun) {
  const std::string help = parse(app_, arguments, "tlaunch estimate");
  if (!help.empty()) return PrintCommand{help};
  if (values_.config.empty() && !values_.figures.any())
    throw UsageError(
        "estimate needs a CONFIG.yaml, or figures such as --throughput 54-72kimg/h --kimg 300  (see tlaunch estimate "
        "--help)");
  if (!values_.config.empty()) refuse_figures(app_);
  if (values_.config.empty()) {
    for (const auto& [option, instead] : {std::pair{"--horizons", "with figures, use --epochs or --kimg"},
                                          std::pair{"--nproc", "figures are for all ranks together"}})
      if (app_.count(option) > 0) throw UsageError(format_text("{} needs a CONFIG.yaml; {}", option, instead));
    check_needed(app_);
  }
  check_overrides(values_.overrides);
  add_keys(keys_, torchrun, values_.overrides);
  if (values_.config.empty() && !values_.overrides.empty())
    throw UsageError("an estimate from figures alone is for all ranks together: leave out the number of ranks");
  return values_;
}

}  // namespace tlaunch
