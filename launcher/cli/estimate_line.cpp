#include "launcher/cli/estimate_line.h"

#include "core/error.h"
#include "launcher/cli/command_parse.h"

namespace tlaunch {

EstimateLine::EstimateLine() {
  FigureOptions& figures = values_.figures;
  const auto text = [&](const char* name, std::string& value, const char* meaning, const char* type) {
    app_.add_option(name, value, meaning)->type_name(type)->group("Figures, instead of a config");
  };
  const auto number = [&](const char* name, auto& value, const char* meaning) {
    app_.add_option(name, value, meaning)->type_name("N")->group("Figures, instead of a config");
  };
  app_.add_option("CONFIG.yaml", values_.config, "What is to be trained")->transform(path_value());
  app_.add_option("key=value", values_.overrides, "Config keys to change; the last wins")->type_name("");
  app_.add_option("--horizons", values_.horizons,
                  "Lengths to answer for, in epochs, as 5,10,20 (default: around the config's)")
      ->type_name("LIST");
  app_.add_option("--deadline", values_.deadline, "What to change so that it is done in time, as 3d")
      ->type_name("TIME");
  app_.add_flag("--json", values_.json, "As JSON");

  text("--throughput", figures.throughput, "54-72kimg/h, 300img/s, 6.8steps/s", "RATE");
  text("--step-time", figures.step_time, "145ms", "TIME");
  text("--kimg", figures.kimg, "Lengths in thousand samples, as 300,1000,2500", "LIST");
  text("--epochs", figures.epochs, "Lengths in epochs, as 5,10,20", "LIST");
  text("--phases", figures.phases, "Ends of the run's phases in kimg, as 50,200,300", "LIST");
  number("--steps-per-epoch", figures.steps_per_epoch, "For --epochs and --step-time");
  number("--steps", figures.steps, "Steps in all");
  number("--done", figures.done, "Steps done so far");
  text("--elapsed", figures.elapsed, "How long this session has been running, as 5680s", "TIME");
  number("--since-step", figures.since_step, "Where this session began (0)");
  text("--start-up", figures.start_up, "Of --elapsed, before the first step", "TIME");
  text("--checkpoint-size", figures.checkpoint_size, "Of one, as 6.9GB", "SIZE");
  text("--checkpoint-every", figures.checkpoint_every, "50kimg, for --kimg", "KIMG");
  app_.add_option("--save-top-k", figures.save_top_k, "So many best ones are kept; -1: all (-1)")
      ->type_name("K")->group("Figures, instead of a config");
  app_.add_option("--every-n-epochs", figures.every_n_epochs, "A checkpoint in so many epochs (1)")
      ->check(CLI::Range(1, 1'000'000).description(""))->type_name("N")->group("Figures, instead of a config");
  app_.add_flag("--save-last", figures.save_last, "The last one is kept as well")
      ->group("Figures, instead of a config");
  text("--base-size", figures.base_size, "Of the model that training starts from", "SIZE");
  text("--data-size", figures.data_size, "Of the data set", "SIZE");
  text("--other-size", figures.other_size, "Of all else", "SIZE");
  text("--log-size", figures.log_size, "Of an epoch's logs (10.2MB)", "SIZE");
  app_.footer(
      "Examples:\n  tlaunch estimate configs/fashion_mnist.yaml --horizons 5,10,20\n"
      "  tlaunch estimate --throughput 54-72kimg/h --kimg 300,1000,2500 --checkpoint-every 50kimg\n"
      "  tlaunch estimate --checkpoint-size 6.9GB --epochs 5,10,20 --save-top-k 3 --every-n-epochs 5 --save-last\n"
      "  tlaunch estimate --steps 5702600 --done 843200 --elapsed 5680s --since-step 805000");
}

Command EstimateLine::parse_command(const std::vector<std::string>& arguments) {
  const std::string help = parse(app_, arguments, "tlaunch estimate");
  if (!help.empty()) return PrintCommand{help};
  if (values_.config.empty() && !values_.figures.any())
    throw UsageError(
        "estimate needs a CONFIG.yaml, or figures as --throughput 54-72kimg/h --kimg 300  (see tlaunch estimate "
        "--help)");
  if (!values_.config.empty() && values_.figures.any())
    throw UsageError(
        "estimate takes a CONFIG.yaml or figures, not both: keys of a config are changed by, say, train.epochs=3");
  if (values_.config.empty() && !values_.horizons.empty())
    throw UsageError("--horizons needs a CONFIG.yaml; for figures: --epochs or --kimg");
  check_overrides(values_.overrides);
  return values_;
}

}  // namespace tlaunch
