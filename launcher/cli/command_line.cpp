#include "launcher/cli/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>

#include "base/absolute_path.h"
#include "base/error.h"
#include "base/quantity.h"
#include "base/shell_words.h"
#include "base/units.h"
#include "config/config_value.h"
#include "config/config_variables.h"
#include "launcher/cli/checkpoints_line.h"
#include "launcher/cli/command_parse.h"
#include "launcher/cli/command_split.h"
#include "launcher/cli/completion.h"
#include "launcher/cli/estimate_line.h"
#include "launcher/cli/program_file.h"
#include "launcher/cli/torchrun_alias.h"

#if !defined(TLAUNCH_VERSION) || !defined(TLAUNCH_TORCH_VERSION)
#error "TLAUNCH_VERSION and TLAUNCH_TORCH_VERSION are set by launcher/CMakeLists.txt"
#endif

namespace tlaunch {
namespace {

const std::vector<std::string>& command_words() {
  static const std::vector<std::string> words = {"probe", "evaluate", "tune", "estimate", "checkpoints", "doctor"};
  return words;
}

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

std::string check_nproc(const std::string& text) {
  const bool number = !text.empty() && text.size() <= 6 &&
                      std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c) != 0; }) &&
                      std::stol(text) >= 1;
  if (number || text == "auto" || text == "cpu" || text == "gpu") return "";
  return "a number from 1, auto, cpu or gpu is needed, not '" + text + "'";
}

std::string check_duration(const std::string& text) {
  try {
    if (text != "none") parse_duration_s("", text);
    return "";
  } catch (const UsageError&) {
    return "a time with its unit is needed, as 8h, 90min or 3d, or none, not '" + text + "'";
  }
}

// Its program, where it is a path, as it is found from anywhere. What is no command at all is refused later.
std::string end_command(const std::string& text) {
  const std::string word = is_command(text) ? shell_words(text).front() : "";
  if (word.starts_with("/") || word.find('/') == std::string::npos) return text;
  return with_first_word(text, absolute_path(expanded_path("--on-end", word)));
}

// An override's value that begins so would be read as YAML; ${...} in it, as a variable.
std::string as_override(const std::string& text) {
  std::string value = escape_variables(text);
  if (value.empty() || std::string("'\"[{").find(value[0]) == std::string::npos) return value;
  std::string quoted = "'";
  for (const char c : value) quoted += c == '\'' ? std::string("''") : std::string(1, c);
  return quoted + "'";
}

// Into bytes. "10" is ten bytes, which is never meant.
CLI::Validator size_of_at_least(std::uint64_t least_bytes) {
  const auto to_bytes = [least_bytes](std::string& text) -> std::string {
    try {
      if (const auto bytes = parse_bytes("", text); bytes >= least_bytes) {
        text = std::to_string(bytes);
        return "";
      }
    } catch (const UsageError&) {  // the line below says more
    }
    return "a size with its unit is needed, at least " + format_bytes(least_bytes) + ", as 10GB or 10GiB, not '" +
           text + "'";
  };
  return CLI::Validator(to_bytes, "", "size");
}

constexpr const char* stdin_help = "Standard input to rank 0, for a debugger; its output gets no prefix";

// Options that are keys of a config in other words.
struct KeyOptions {
  std::optional<std::string> nproc, numa;
  std::optional<double> grace_s, hang_timeout_s;
  std::optional<std::int64_t> max_restarts;
  std::optional<std::string> max_time, on_end;
};

// One command's options: built once for parsing, once more to ask which of them take a value.
struct Parsers {
  CLI::App run{
      "Trains what CONFIG.yaml describes: tunes what is left to auto, starts one worker a rank, saves and\n"
      "resumes, and says how long it will take.",
      "tlaunch"};
  CLI::App program{"Starts a program as torchrun would, on this machine.", "tlaunch"};
  CLI::App probe{"Shows what this machine has, as far as a run may use it.", "tlaunch probe"};
  CLI::App evaluate{"Evaluates a checkpoint on the data set of a config; metrics on stdout.", "tlaunch evaluate"};

  CLI::App tune{
      "Measures what CONFIG.yaml leaves to auto (batch size, precision, layout, loading) and shows the plan;\n"
      "changes nothing unless told.",
      "tlaunch tune"};

  CLI::App doctor{
      "Writes one archive for a bug report: what this machine has, versions, the last run's events, logs, config and\n"
      "plan, and the names of the environment's variables. Changes nothing else.",
      "tlaunch doctor"};

  RunCommand run_values;
  SmokeOptions smoke_values;
  std::string deadline;
  bool smoke = false, version = false;
  std::string completion_shell;
  KeyOptions keys;  // of whatever command takes a config; and --numa of a program
  ProgramCommand program_values;
  ProbeCommand probe_values;
  EvaluateCommand evaluate_values;
  TuneCommand tune_values;
  DoctorCommand doctor_values;
  bool test_only = false;
  CheckpointsLine checkpoints;
  EstimateLine estimate;

  static void nproc_option(CLI::App& app, std::optional<std::string>& value, const std::string& fallback) {
    app.add_option("--nproc", value, "Number of ranks: a number, auto (GPUs, or 1), gpu, cpu (" + fallback + ")")
        ->check(CLI::Validator(check_nproc, "", "nproc"))
        ->type_name("N|auto|cpu|gpu");
  }
  static void log_limit_option(CLI::App& app, std::uint64_t& bytes) {
    app.add_option("--log-limit", bytes,
                   "Most that a rank's log takes: its first half and the newest lines are kept (1GB)")
        ->transform(size_of_at_least(1000))
        ->type_name("SIZE");
  }
  static void wait_gpu_option(CLI::App& app, std::optional<std::uint64_t>& bytes) {
    app.add_option("--wait-gpu", bytes, "Wait until every GPU in use has SIZE free, as 10GB")
        ->transform(size_of_at_least(1'000'000))
        ->type_name("SIZE");
  }
  static void numa_option(CLI::App& app, std::optional<std::string>& value, const std::string& fallback) {
    app.add_option("--numa", value, "node: ranks keep to the cores of the NUMA node near their GPU (" + fallback + ")")
        ->transform(one_of({"none", "node"}))
        ->type_name("none|node");
  }
  static void grace_option(CLI::App& app, std::optional<double>& value, const std::string& fallback) {
    app.add_option("--grace", value, "Seconds between SIGTERM and SIGKILL when the group is stopped (" + fallback + ")")
        ->transform(number_within(0, 86400))
        ->type_name("S");
  }

  static void restarts_option(CLI::App& app, std::optional<std::int64_t>& value, const std::string& meaning) {
    app.add_option("--max-restarts", value, meaning)->transform(integer_within(0, 1'000'000))->type_name("N");
  }
  static void hang_option(CLI::App& app, std::optional<double>& value, const std::string& meaning) {
    app.add_option("--hang-timeout", value, meaning)->transform(number_within(1, 1e9))->type_name("S");
  }

  static void end_options(CLI::App& app, std::optional<std::string>& max_time, std::optional<std::string>& on_end,
                          const std::string& at_its_time, const std::string& default_note = "") {
    app.add_option("--max-time", max_time, at_its_time)
        ->check(CLI::Validator(check_duration, "", "duration"))
        ->type_name("TIME");
    app.add_option("--on-end", on_end,
                   "Run this once at the end, however it comes: TLAUNCH_STATUS, TLAUNCH_RUN_DIR, TLAUNCH_REASON and "
                   "TLAUNCH_EXIT_CODE tell; no shell unless it says sh -c '...'" +
                       default_note)
        ->type_name("COMMAND");
  }

  Parsers() {
    run.add_option("CONFIG.yaml", run_values.config, "What to train")->transform(path_value());
    run.add_option("key=value", run_values.overrides, "Config keys to change; the last wins")->type_name("");
    nproc_option(run, keys.nproc, "default: launch.nproc");
    grace_option(run, keys.grace_s, "default: launch.grace_s");
    restarts_option(
        run, keys.max_restarts,
        "Restart a failed run up to N times from its newest valid checkpoint (default: launch.max_restarts)");
    hang_option(run, keys.hang_timeout_s,
                "Seconds without progress before the run is ended with 124 (default: launch.hang_timeout_s)");
    end_options(run, keys.max_time, keys.on_end,
                "Save and end with 75 after this time, as 8h (default: launch.max_time)", " (default: launch.on_end)");
    run.add_option("--run-dir", run_values.run_dir, "The run's folder (default: runs/<name>/<time>-<id>)")
        ->transform(path_value())
        ->type_name("DIR");
    run.add_option("--resume", run_values.resume,
                   "auto: go on in --run-dir, or in runs/<name>/latest; a checkpoint: a new run from it")
        ->transform(path_value())
        ->type_name("auto|PATH");
    run.add_flag("--smoke", smoke, "Test the whole line in a few minutes: epochs, saving, resuming; ends in a verdict");
    run.add_option("--smoke-epochs", smoke_values.epochs, "Epochs of the smoke test (2)")
        ->transform(integer_within(2, 1000))
        ->type_name("N");
    run.add_option("--smoke-minutes", smoke_values.minutes, "Budget of the smoke test (5)")
        ->transform(number_within(0.1, 1e5))
        ->type_name("M");
    run.add_flag("--smoke-full", smoke_values.full, "Do not shorten the smoke test's epochs");
    run.add_flag("--fit-disk", run_values.fit_disk,
                 "Keep fewer checkpoints where the disk is too small for as many as asked");
    run.add_option("--deadline", deadline,
                   "Say whether it will be done in time, as 3d, and if not what to change; it runs all the same")
        ->type_name("TIME");
    run.add_flag("--profile", run_values.profile,
                 "Profile ten steps: a Chrome trace and a table of operations each rank, in DIR/profile");
    run.add_flag("--dry-run", run_values.dry_run, "Print every resolved value and where it comes from; start nothing");
    run.add_flag("--retune", run_values.retune, "Measure anew what is left to auto, whatever was measured before");
    run.add_flag("--json", run_values.json, "The summary (or the resolved values) as JSON on stdout");
    log_limit_option(run, run_values.log_limit_bytes);
    wait_gpu_option(run, run_values.wait_gpu_bytes);
    numa_option(run, keys.numa, "default: launch.numa");
    run.add_flag("--stdin", run_values.pass_stdin, stdin_help);
    run.add_option("--completion", completion_shell, "Print a completion script: source <(tlaunch --completion bash)")
        ->transform(one_of({"bash", "zsh", "fish"}))
        ->type_name("bash|zsh|fish");
    run.add_flag("--version", version, "Print the version");
    run.footer(run_footer);

    nproc_option(program, program_values.nproc, "default: 1");
    grace_option(program, program_values.grace_s, "default: 30");
    restarts_option(program, program_values.max_restarts,
                    "Start all ranks again so often where one fails (default: 0)");
    log_limit_option(program, program_values.log_limit_bytes);
    wait_gpu_option(program, program_values.wait_gpu_bytes);
    numa_option(program, keys.numa, "default: none");
    end_options(program, program_values.max_time, program_values.on_end,
                "Stop the ranks with SIGTERM when so much time has passed, as 8h, and end with 75 unless they end with "
                "a code of their own");
    program.add_flag("--stdin", program_values.pass_stdin, stdin_help);
    hang_option(program, program_values.hang_timeout_s,
                "End with 124 after S seconds without output; 60 at least before the first (default: never)");
    program.add_option("--run-dir", program_values.run_dir, "Keep each rank's output in DIR/logs")
        ->transform(path_value())
        ->type_name("DIR");
    program.footer(torchrun_help());

    probe.add_flag("--json", probe_values.json, "As JSON");
    probe.footer("Example:\n  tlaunch probe --json");

    evaluate.add_option("CONFIG.yaml", evaluate_values.config, "The config it was trained with")
        ->transform(path_value());
    evaluate.add_option("key=value", evaluate_values.overrides, "Config keys to change; the last wins")->type_name("");
    evaluate.add_option("--checkpoint", evaluate_values.checkpoint, "A .safetensors file")
        ->transform(path_value())
        ->type_name("PATH");
    nproc_option(evaluate, keys.nproc, "default: launch.nproc");
    numa_option(evaluate, keys.numa, "default: launch.numa");
    evaluate.add_flag("--json", evaluate_values.json, "Metrics as JSON");
    evaluate.footer(
        "Example:\n  tlaunch evaluate configs/deeplog_dpkg.yaml \\\n"
        "          --checkpoint runs/deeplog_dpkg/latest/checkpoints/epoch_10-step_80.safetensors");

    doctor.add_option("RUN_DIR", doctor_values.run_dir, "A run's folder (default: the newest run below runs/)")
        ->transform(path_value())
        ->type_name("");
    doctor
        .add_option("--output", doctor_values.output, "The file to write (default: tlaunch-doctor-<time>.tar.gz here)")
        ->transform(path_value())
        ->type_name("FILE");
    doctor.footer(
        "Values of the environment are left out, and secrets that are called by such a name are hidden; config and\n"
        "logs are in it: look at it before you send it.\n\nExample:\n  tlaunch doctor runs/fashion_mnist/latest");

    nproc_option(estimate.app(), keys.nproc, "default: launch.nproc");
    tune.add_option("CONFIG.yaml", tune_values.config, "What is to be trained")->transform(path_value());
    tune.add_option("key=value", tune_values.overrides, "Config keys to change; the last wins")->type_name("");
    nproc_option(tune, keys.nproc, "default: launch.nproc");
    numa_option(tune, keys.numa, "default: launch.numa");
    tune.add_flag("--test-only", test_only, "Show the plan and change nothing (the default)");
    tune.add_flag("--write", tune_values.write,
                  "Write the plan's values into CONFIG.yaml: only those, comments and order stay; the original is kept "
                  "as a dated backup");
    tune.add_option("--gpu", tune_values.gpu, "Answer for a card that is not here, as rtx_3060:12GB")
        ->type_name("NAME[:MEMORY]");
    tune.add_flag("--team", tune_values.team, "Add this card's entry to the team file (tune.team_file)");
    tune.add_flag("--retune", tune_values.retune, "Measure anew, whatever was measured before");
    tune.add_flag("--json", tune_values.json, "The plan as JSON on stdout");
    tune.footer(
        "Examples:\n  tlaunch tune --nproc 2 configs/fashion_mnist.yaml\n"
        "  tlaunch tune configs/fashion_mnist.yaml --write\n"
        "  tlaunch tune configs/fashion_mnist.yaml --gpu rtx_3060:12GB");
  }
};

// Our option of that name, of whatever command: nullptr where there is none.
const CLI::Option* own_option(const Parsers& parsers, const std::string& argument) {
  const std::string name = argument.substr(0, argument.find('='));
  std::vector<const CLI::App*> apps{&parsers.run,  &parsers.program,        &parsers.probe, &parsers.evaluate,
                                    &parsers.tune, &parsers.estimate.app(), &parsers.doctor};
  for (const CLI::App* app : parsers.checkpoints.apps()) apps.push_back(app);
  for (const CLI::App* app : apps) {
    if (const CLI::Option* known = app->get_option_no_throw(name)) return known;
  }
  return nullptr;
}

// Whether an option that stands before the first word is followed by a value; any command may still claim it.
bool takes_value(const Parsers& parsers, const std::string& argument) {
  if (const CLI::Option* known = own_option(parsers, argument)) return known->get_items_expected_max() > 0;
  if (find_torchrun_option(argument) != nullptr) return torchrun_value_follows(argument);
  refuse_unknown(parsers.run, argument, "tlaunch");
}

// PET_ variables, and over them what the command line says.
TorchrunValues torchrun_values(TorchrunValues given, const Variables& variables, bool program) {
  add_torchrun_variables(given, variables, program);
  return given;
}

// Every command with its options, out of the parsers themselves.
std::vector<CompletionCommand> completion_commands(const Parsers& parsers) {
  std::vector<CompletionCommand> commands{{"", options_of(parsers.run), true},
                                          {"probe", options_of(parsers.probe), false},
                                          {"evaluate", options_of(parsers.evaluate), true},
                                          {"tune", options_of(parsers.tune), true},
                                          {"estimate", options_of(parsers.estimate.app()), true},
                                          {"doctor", options_of(parsers.doctor), false},
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

// As overrides that come last: whatever is made from the config then has them, in a fresh run, a resumed one and a
// smoke test. An option comes before torchrun's of the same meaning.
void add_keys(KeyOptions keys, const TorchrunValues& torchrun, std::vector<std::string>& overrides) {
  apply_torchrun(torchrun, keys.nproc);
  if (!keys.numa) keys.numa = torchrun_numa(torchrun);
  if (!keys.max_restarts) keys.max_restarts = torchrun_restarts(torchrun);
  const auto add = [&](const char* key, const std::string& value) { overrides.push_back(key + ("=" + value)); };
  if (keys.nproc) add("launch.nproc", *keys.nproc);
  if (keys.numa) add("launch.numa", *keys.numa);
  if (keys.grace_s) add("launch.grace_s", to_text(*keys.grace_s));
  if (keys.hang_timeout_s) add("launch.hang_timeout_s", to_text(*keys.hang_timeout_s));
  if (keys.max_restarts) add("launch.max_restarts", std::to_string(*keys.max_restarts));
  if (keys.max_time) add("launch.max_time", *keys.max_time);
  if (keys.on_end) add("launch.on_end", as_override(end_command(*keys.on_end)));
}

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

Command run_command(Parsers& parsers, const std::vector<std::string>& own, const TorchrunValues& torchrun) {
  const std::string help = parse(parsers.run, own, "tlaunch CONFIG.yaml");
  if (!help.empty()) return PrintCommand{help};
  if (parsers.version)
    return PrintCommand{"tlaunch " TLAUNCH_VERSION " (built with LibTorch " TLAUNCH_TORCH_VERSION ")\n"};
  if (!parsers.completion_shell.empty())
    return PrintCommand{completion_script(parsers.completion_shell, completion_commands(parsers))};
  if (parsers.run_values.config.empty())
    throw UsageError("a CONFIG.yaml, a program or a command is needed  (see tlaunch --help)");
  check_overrides(parsers.run_values.overrides);
  if (parsers.smoke) {
    parsers.run_values.smoke = parsers.smoke_values;
  } else {
    for (const char* option : {"--smoke-epochs", "--smoke-minutes", "--smoke-full"})
      if (parsers.run.count(option) > 0) throw UsageError(std::string(option) + " needs --smoke");
  }
  if (!parsers.deadline.empty()) parsers.run_values.deadline_s = parse_duration_s("--deadline", parsers.deadline);
  refuse_ignored(parsers.run);
  add_keys(parsers.keys, torchrun, parsers.run_values.overrides);
  return parsers.run_values;
}

Command program_command(Parsers& parsers, SplitArguments split, const TorchrunValues& torchrun) {
  // The run command's own options are known, but mean nothing to a foreign program.
  for (const std::string& argument : split.own) {
    const std::string name = argument.substr(0, argument.find('='));
    if (parsers.run.get_option_no_throw(name) != nullptr && parsers.program.get_option_no_throw(name) == nullptr)
      throw UsageError(name + " needs a CONFIG.yaml; it does not apply to a plain program (" + split.program.front() +
                       ")");
  }
  const std::string help = parse(parsers.program, std::move(split.own), "a plain program");
  if (!help.empty()) return PrintCommand{help};
  ProgramCommand& command = parsers.program_values;
  if (command.max_time == "none") command.max_time.reset();
  if (command.on_end == "none") command.on_end.reset();
  if (command.on_end) command.on_end = end_command(*command.on_end);
  ProgramFile file = program_file(split);
  command.kind = file.kind;
  command.program = std::move(file.program);
  command.arguments.assign(split.program.begin() + 1, split.program.end());
  apply_torchrun(torchrun, command);
  if ((parsers.keys.numa ? parsers.keys.numa : torchrun_numa(torchrun)) == to_string(NumaBinding::node))
    command.numa = NumaBinding::node;
  if (!command.run_dir.empty() && !command.log_dir.empty())
    throw UsageError("--run-dir keeps the logs in its folder logs: leave out --log-dir, or --run-dir");
  return command;
}

}  // namespace

Command parse_command_line(const std::vector<std::string>& arguments, const Variables& variables) {
  Parsers parsers;
  const PythonFlags flags{torchrun_flag_variable(variables, "module"), torchrun_flag_variable(variables, "no-python"),
                          torchrun_flag_variable(variables, "run-path")};
  SplitArguments split = split_arguments(
      arguments, command_words(), [&](const std::string& argument) { return takes_value(parsers, argument); }, flags);
  const std::vector<std::string> untouched = split.own;
  const TorchrunValues torchrun =
      take_torchrun(split.own, [&](const std::string& argument) { return own_option(parsers, argument) != nullptr; });
  if (split.word == "program")
    return program_command(parsers, std::move(split), torchrun_values(torchrun, variables, true));
  if (split.word == "probe") {
    const std::string help = parse(parsers.probe, untouched, "tlaunch probe");
    if (!help.empty()) return PrintCommand{help};
    return parsers.probe_values;
  }
  if (split.word == "doctor") {
    const std::string help = parse(parsers.doctor, untouched, "tlaunch doctor");
    if (!help.empty()) return PrintCommand{help};
    return parsers.doctor_values;
  }
  if (split.word == "evaluate") {
    const std::string help = parse(parsers.evaluate, split.own, "tlaunch evaluate");
    if (!help.empty()) return PrintCommand{help};
    if (parsers.evaluate_values.config.empty())
      throw UsageError("evaluate needs a CONFIG.yaml  (see tlaunch evaluate --help)");
    if (parsers.evaluate_values.checkpoint.empty())
      throw UsageError("evaluate needs --checkpoint PATH  (see tlaunch evaluate --help)");
    check_overrides(parsers.evaluate_values.overrides);
    add_keys(parsers.keys, torchrun, parsers.evaluate_values.overrides);
    return parsers.evaluate_values;
  }
  if (split.word == "tune") {
    const std::string help = parse(parsers.tune, split.own, "tlaunch tune");
    if (!help.empty()) return PrintCommand{help};
    if (parsers.tune_values.config.empty()) throw UsageError("tune needs a CONFIG.yaml  (see tlaunch tune --help)");
    if (parsers.test_only && (parsers.tune_values.write || parsers.tune_values.team))
      throw UsageError("--test-only changes nothing: leave it out, or --write and --team");
    if (!parsers.tune_values.gpu.empty() && parsers.tune_values.retune)
      throw UsageError("--gpu measures anew each time: leave --retune out");
    if (!parsers.tune_values.gpu.empty() && (parsers.tune_values.write || parsers.tune_values.team))
      throw UsageError("--gpu is for a card that is not here: leave --write and --team to a machine that has it");
    check_overrides(parsers.tune_values.overrides);
    add_keys(parsers.keys, torchrun, parsers.tune_values.overrides);
    const auto sets_ranks = [](const std::string& text) { return text.starts_with("launch.nproc="); };
    const auto& overrides = parsers.tune_values.overrides;
    if (!parsers.tune_values.gpu.empty() && std::any_of(overrides.begin(), overrides.end(), sets_ranks))
      throw UsageError("--gpu answers for one card: leave --nproc and launch.nproc out");
    return parsers.tune_values;
  }
  if (split.word == "estimate") {
    Command command = parsers.estimate.parse_command(split.own);
    auto* estimate = std::get_if<EstimateCommand>(&command);
    if (estimate != nullptr) add_keys(parsers.keys, torchrun, estimate->overrides);
    if (estimate != nullptr && estimate->config.empty() && !estimate->overrides.empty())
      throw UsageError("an estimate from figures alone is of all ranks together: leave the number of ranks out");
    return command;
  }
  if (split.word == "checkpoints") return parsers.checkpoints.parse_command(untouched);
  return run_command(parsers, split.own, torchrun_values(torchrun, variables, false));
}

}  // namespace tlaunch
