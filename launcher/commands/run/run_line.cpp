#include "launcher/commands/run/run_line.h"

#include "base/error.h"
#include "base/quantity.h"
#include "launcher/cli/command_parse.h"

#if !defined(TLAUNCH_VERSION) || !defined(TLAUNCH_TORCH_VERSION)
#error "TLAUNCH_VERSION and TLAUNCH_TORCH_VERSION are set by launcher/CMakeLists.txt"
#endif

namespace tlaunch {
namespace {

constexpr const char* run_footer =
    "A program instead of a config (all that follows it is the program's):\n"
    "  tlaunch [--nproc N] [--grace S] [--run-dir DIR] PROGRAM.py [ARG ...]\n"
    "          in place of PROGRAM.py also: -m MODULE, --no-python PROGRAM, -- PROGRAM\n"
    "  torchrun's options for one machine are taken too; tlaunch --help -- PROGRAM lists them\n\n"
    "Commands:\n"
    "  probe         what this machine has: GPUs, CPU, memory limit, disk\n"
    "  evaluate      evaluate a checkpoint on the data set of a config\n"
    "  tune          measure and choose what a config leaves to auto\n"
    "  estimate      time and disk of a run before it starts; or from figures alone\n"
    "  checkpoints   list, verify, prune, export and import checkpoints\n"
    "  doctor        one archive for a bug report: this machine, versions, the last run\n\n"
    "Examples:\n"
    "  tlaunch configs/fashion_mnist.yaml                        train; one rank per GPU, or one on the CPU\n"
    "  tlaunch --nproc 2 configs/fashion_mnist.yaml train.epochs=3   two ranks, one key changed\n"
    "  tlaunch --smoke configs/fashion_mnist.yaml                short test of the whole line, with a verdict\n"
    "  tlaunch --dry-run configs/fashion_mnist.yaml              every resolved value; starts nothing\n"
    "  tlaunch --run-dir runs/a --resume auto configs/fashion_mnist.yaml   go on where runs/a ended\n"
    "  tlaunch --wait-gpu 10GB --numa node configs/fashion_mnist.yaml   on a shared card, near its cores\n"
    "  tlaunch --nproc 4 train.py --lr 1                         any program under torchrun's environment\n\n"
    "Exit codes: 0 done; 1 smoke test failed; 2 usage or config; 65 bad data or checkpoint; 74 saving gave up;\n"
    "75 SIGTERM, saved; 124 a hang; 130 Ctrl-C; otherwise the first failed rank's own (128 + signal).";

// Throws UsageError for an option that another one would leave without effect.
void refuse_ignored(const CLI::App& run) {
  struct Pair {
    const char *option, *other, *why;
  };
  static constexpr Pair pairs[] = {
      {"--smoke", "--resume", "starts a run of its own"},
      {"--smoke", "--deadline", "shortens the epochs and says what the whole run would take"},
      {"--smoke", "--max-time", "has a time limit of its own, --smoke-minutes"},
      {"--smoke", "--profile", "profiles nothing"},
      {"--smoke", "--stdin", "passes no standard input on"},
      {"--smoke", "--dry-run", "starts a run, which --dry-run does not"},
      {"--dry-run", "--resume",
       "shows the values of a new run; those of an earlier one stand in its folder, in "
       "config.yaml and plan.json"},
      {"--dry-run", "--deadline", "measures nothing; tlaunch estimate CONFIG.yaml --deadline TIME does"},
      {"--dry-run", "--retune", "measures nothing; tlaunch tune CONFIG.yaml --retune does"},
  };
  for (const Pair& pair : pairs)
    if (run.count(pair.option) > 0 && run.count(pair.other) > 0)
      throw UsageError(std::string(pair.option) + " " + pair.why + ": leave " + pair.other + " out");
}

}  // namespace

RunLine::RunLine() {
  app_.add_option("CONFIG.yaml", values_.config, "What to train")->transform(path_value());
  app_.add_option("key=value", values_.overrides, "Config keys to change; the last wins")->type_name("");
  nproc_option(app_, keys_.nproc, "default: launch.nproc");
  grace_option(app_, keys_.grace_s, "default: launch.grace_s");
  restarts_option(app_, keys_.max_restarts,
                  "Restart a failed run up to N times from its newest valid checkpoint (default: launch.max_restarts)");
  hang_option(app_, keys_.hang_timeout_s,
              "Seconds without progress before the run is ended with 124 (default: launch.hang_timeout_s)");
  end_options(app_, keys_.max_time, keys_.on_end,
              "Save and end with 75 after this time, as 8h (default: launch.max_time)", " (default: launch.on_end)");
  app_.add_option("--run-dir", values_.run_dir, "The run's folder (default: runs/<name>/<time>-<id>)")
      ->transform(path_value())
      ->type_name("DIR");
  app_.add_option("--resume", values_.resume,
                  "auto: go on in --run-dir, or in runs/<name>/latest; a checkpoint: a new run from it")
      ->transform(path_value())
      ->type_name("auto|PATH");
  app_.add_flag("--smoke", smoke_, "Test the whole line in a few minutes: epochs, saving, resuming; ends in a verdict");
  app_.add_option("--smoke-epochs", smoke_values_.epochs, "Epochs of the smoke test (2)")
      ->transform(integer_within(2, 1000))
      ->type_name("N");
  app_.add_option("--smoke-minutes", smoke_values_.minutes, "Budget of the smoke test (5)")
      ->transform(number_within(0.1, 1e5))
      ->type_name("M");
  app_.add_flag("--smoke-full", smoke_values_.full, "Do not shorten the smoke test's epochs");
  app_.add_flag("--fit-disk", values_.fit_disk,
                "Keep fewer checkpoints where the disk is too small for as many as asked");
  app_.add_option("--deadline", deadline_,
                  "Say whether it will be done in time, as 3d, and if not what to change; it runs all the same")
      ->type_name("TIME");
  app_.add_flag("--profile", values_.profile,
                "Profile ten steps: a Chrome trace and a table of operations each rank, in DIR/profile");
  app_.add_flag("--dry-run", values_.dry_run, "Print every resolved value and where it comes from; start nothing");
  app_.add_flag("--retune", values_.retune, "Measure anew what is left to auto, whatever was measured before");
  app_.add_flag("--json", values_.json, "The summary (or the resolved values) as JSON on stdout");
  log_limit_option(app_, values_.log_limit_bytes);
  wait_gpu_option(app_, values_.wait_gpu_bytes);
  numa_option(app_, keys_.numa, "default: launch.numa");
  app_.add_flag("--stdin", values_.pass_stdin, stdin_help);
  app_.add_option("--completion", completion_shell_, "Print a completion script: source <(tlaunch --completion bash)")
      ->transform(one_of({"bash", "zsh", "fish"}))
      ->type_name("bash|zsh|fish");
  app_.add_flag("--version", version_, "Print the version");
  app_.footer(run_footer);
}

Parsed<RunCommand> RunLine::parse_command(const std::vector<std::string>& arguments, const TorchrunValues& torchrun,
                                          const std::function<std::string(const std::string& shell)>& completion) {
  const std::string help = parse(app_, arguments, "tlaunch CONFIG.yaml");
  if (!help.empty()) return PrintCommand{help};
  if (version_) return PrintCommand{"tlaunch " TLAUNCH_VERSION " (built with LibTorch " TLAUNCH_TORCH_VERSION ")\n"};
  if (!completion_shell_.empty()) return PrintCommand{completion(completion_shell_)};
  if (values_.config.empty()) throw UsageError("a CONFIG.yaml, a program or a command is needed  (see tlaunch --help)");
  check_overrides(values_.overrides);
  if (smoke_) {
    values_.smoke = smoke_values_;
  } else {
    for (const char* option : {"--smoke-epochs", "--smoke-minutes", "--smoke-full"})
      if (app_.count(option) > 0) throw UsageError(std::string(option) + " needs --smoke");
  }
  if (!deadline_.empty()) values_.deadline_s = parse_duration_s("--deadline", deadline_);
  refuse_ignored(app_);
  add_keys(keys_, torchrun, values_.overrides);
  return values_;
}

}  // namespace tlaunch
