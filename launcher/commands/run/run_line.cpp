#include "launcher/commands/run/run_line.h"

#include "base/error.h"
#include "base/quantity.h"
#include "base/text.h"
#include "launcher/cli/command_parse.h"

#if !defined(TLAUNCH_VERSION) || !defined(TLAUNCH_TORCH_VERSION)
#error "TLAUNCH_VERSION and TLAUNCH_TORCH_VERSION are set by launcher/CMakeLists.txt"
#endif

namespace tlaunch {
namespace {

constexpr const char* run_footer =
    "To start a program instead of a config (all arguments after its name belong to the program):\n"
    "  tlaunch [--nproc N] [--grace S] [--run-dir DIR] PROGRAM.py [ARG ...]\n"
    "          instead of PROGRAM.py also: -m MODULE, --no-python PROGRAM, -- PROGRAM\n"
    "  torchrun's options for one machine work too; tlaunch --help -- PROGRAM lists them\n\n"
    "Commands:\n"
    "  probe         show this machine: GPUs, CPU, memory limit, disk\n"
    "  evaluate      evaluate a checkpoint on the data set of a config\n"
    "  tune          measure and choose the settings that are auto in a config\n"
    "  estimate      estimate time and disk of a run before it starts, or from figures alone\n"
    "  checkpoints   list, verify, prune, export and import checkpoints\n"
    "  doctor        make an archive for a bug report: this machine, versions, the last run\n\n"
    "Examples:\n"
    "  tlaunch configs/fashion_mnist.yaml                        train; one rank per GPU, or one on the CPU\n"
    "  tlaunch --nproc 2 configs/fashion_mnist.yaml train.epochs=3   two ranks, one key changed\n"
    "  tlaunch --smoke configs/fashion_mnist.yaml                short test of the whole run, with a verdict\n"
    "  tlaunch --dry-run configs/fashion_mnist.yaml              print every resolved value; start nothing\n"
    "  tlaunch --run-dir runs/a --resume auto configs/fashion_mnist.yaml   continue the run in runs/a\n"
    "  tlaunch --wait-gpu 10GB --numa node configs/fashion_mnist.yaml   on a shared card, near its cores\n"
    "  tlaunch --nproc 4 train.py --lr 1                         any program under torchrun's environment\n\n"
    "Exit codes: 0 done; 1 smoke test failed; 2 usage or config; 65 bad data or checkpoint; 74 could not save;\n"
    "75 stopped by SIGTERM or --max-time, saved; 124 a hang; 130 Ctrl-C; otherwise the code of the first failed rank\n"
    "(128 + signal).";

// Throws UsageError for an option that has no effect beside another one.
void refuse_ignored(const CLI::App& run) {
  struct Pair {
    const char *option, *other, *why;
  };
  static constexpr Pair pairs[] = {
      {"--smoke", "--resume", "starts a new run"},
      {"--smoke", "--deadline", "shortens the epochs and says how long the whole run would take"},
      {"--smoke", "--max-time", "has its own time limit, --smoke-minutes"},
      {"--smoke", "--profile", "does not profile"},
      {"--smoke", "--stdin", "does not pass on standard input"},
      {"--smoke", "--dry-run", "starts a run, but --dry-run starts nothing"},
      {"--dry-run", "--resume",
       "shows the values of a new run; those of an earlier run are in config.yaml and plan.json of its folder"},
      {"--dry-run", "--deadline", "does not measure; use tlaunch estimate CONFIG.yaml --deadline TIME"},
      {"--dry-run", "--retune", "does not measure; use tlaunch tune CONFIG.yaml --retune"},
  };
  for (const Pair& pair : pairs)
    if (run.count(pair.option) > 0 && run.count(pair.other) > 0)
      throw UsageError(format_text("{} {}: leave {} out", pair.option, pair.why, pair.other));
}

}  // namespace

RunLine::RunLine() {
  app_.add_option("CONFIG.yaml", values_.config, "The config to train")->transform(path_value());
  app_.add_option("key=value", values_.overrides, "Config keys to change; the last one wins")->type_name("");
  nproc_option(app_, keys_.nproc, "default: launch.nproc");
  grace_option(app_, keys_.grace_s, "default: launch.grace_s");
  restarts_option(app_, keys_.max_restarts,
                  "Restart a failed run up to N times from its newest valid checkpoint (default: launch.max_restarts)");
  hang_option(app_, keys_.hang_timeout_s,
              "Seconds without progress before the run is ended with exit code 124 (default: launch.hang_timeout_s)");
  end_options(app_, keys_.max_time, keys_.on_end,
              "Save and exit with 75 after this time, as 8h (default: launch.max_time)", " (default: launch.on_end)");
  app_.add_option("--run-dir", values_.run_dir, "The run's folder (default: runs/<name>/<time>-<id>)")
      ->transform(path_value())
      ->type_name("DIR");
  app_.add_option(
          "--resume", values_.resume,
          "auto: continue the run in --run-dir or runs/<name>/latest; PATH: start a new run from that checkpoint")
      ->transform(path_value())
      ->type_name("auto|PATH");
  app_.add_flag("--smoke", smoke_,
                "Test the whole run in a few minutes (epochs, saving, resuming) and end with a verdict");
  app_.add_option("--smoke-epochs", smoke_values_.epochs, "Epochs of the smoke test (2)")
      ->transform(integer_within(2, 1000))
      ->type_name("N");
  app_.add_option("--smoke-minutes", smoke_values_.minutes, "Time limit of the smoke test in minutes (5)")
      ->transform(number_within(0.1, 1e5))
      ->type_name("M");
  app_.add_flag("--smoke-full", smoke_values_.full, "Do not shorten the smoke test's epochs");
  app_.add_flag("--fit-disk", values_.fit_disk, "Keep fewer checkpoints than asked for if the disk is too small");
  app_.add_option(
          "--deadline", deadline_,
          "Say whether the run will be done within TIME, as 3d, and if not, what to change; the run starts anyway")
      ->type_name("TIME");
  app_.add_flag("--profile", values_.profile,
                "Profile ten steps: writes a Chrome trace and a table of operations per rank to DIR/profile");
  app_.add_flag("--dry-run", values_.dry_run, "Print every resolved value and its source; start nothing");
  app_.add_flag("--retune", values_.retune, "Measure the settings that are auto again, even if the cache holds a plan");
  app_.add_flag("--json", values_.json, "Print the summary as JSON on stdout; with --dry-run, the resolved values");
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
  if (values_.config.empty()) throw UsageError("name a CONFIG.yaml, a program or a command  (see tlaunch --help)");
  check_overrides(values_.overrides);
  if (smoke_) {
    values_.smoke = smoke_values_;
  } else {
    for (const char* option : {"--smoke-epochs", "--smoke-minutes", "--smoke-full"})
      if (app_.count(option) > 0) throw UsageError(format_text("{} needs --smoke", option));
  }
  if (!deadline_.empty()) values_.deadline_s = parse_duration_s("--deadline", deadline_);
  refuse_ignored(app_);
  add_keys(keys_, torchrun, values_.overrides);
  return values_;
}

}  // namespace tlaunch
