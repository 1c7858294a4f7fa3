// The command line as plain values. Commands: the run command (the default one, of a config), a plain program, probe,
// evaluate, tune, estimate, checkpoints; and the texts of --help and --version. Options stand before or after the
// command's word. Errors are UsageError, with the nearest known name.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "base/environment.h"
#include "config/run_config.h"
#include "estimate/spreadsheet_options.h"
#include "launcher/cli/stream_choice.h"
#include "launcher/cli/torchrun_options.h"
#include "processes/output/log_file.h"

namespace tlaunch {

struct SmokeOptions {
  std::int64_t epochs = 2;  // epochs crossed
  double minutes = 5;       // budget of the whole test, start-up included
  bool full = false;        // do not shorten the epochs
};

struct RunCommand {
  std::string config;                  // CONFIG.yaml
  std::vector<std::string> overrides;  // key=value; options that are config keys too come last
  std::optional<std::string> resume;   // auto | path of a checkpoint
  std::optional<SmokeOptions> smoke;
  std::string run_dir;               // "": runs/<name>/<time>-<id>
  std::optional<double> deadline_s;  // in which it is to be done
  bool fit_disk = false;             // keep fewer checkpoints where the disk is too small for the policy
  bool dry_run = false, retune = false, profile = false, json = false;
  bool pass_stdin = false;                                  // stdin to rank 0
  std::uint64_t log_limit_bytes = default_log_limit_bytes;  // of each rank's log
  std::optional<std::uint64_t> wait_gpu_bytes;              // that each GPU in use must have free before the start
};

enum class ProgramKind { python_script, python_module, executable };

struct ProgramCommand {
  ProgramKind kind = ProgramKind::executable;
  std::string program;  // path, or the module's name
  std::vector<std::string> arguments;
  std::optional<std::string> nproc;  // none: 1, as torchrun
  std::optional<std::int64_t> max_restarts;
  std::optional<double> grace_s;
  std::optional<double> hang_timeout_s;  // of silence; none: not watched
  bool pass_stdin = false;               // stdin to rank 0, where there are more; a single one always has it
  std::string run_dir, log_dir;          // log files in run_dir/logs or in log_dir; both "": none
  std::uint64_t log_limit_bytes = default_log_limit_bytes;  // of each rank's log
  std::optional<std::uint64_t> wait_gpu_bytes;  // that each GPU of the ranks must have free before the start
  NumaBinding numa = NumaBinding::none;
  std::optional<std::string> max_time, on_end;  // as launch.max_time and launch.on_end
  // torchrun's:
  bool nproc_as_torchrun = false;   // auto without a GPU: one rank an allowed core
  bool virtual_local_rank = false;  // each rank sees one GPU, as its device 0
  std::string role = "default";
  std::string run_id = "none";  // "": a new UUID
  std::string master_address;   // "": 127.0.0.1
  int master_port = 0;          // 0: any free one
  std::string signals_to_handle = "SIGTERM,SIGINT,SIGHUP,SIGQUIT";
  StreamChoice redirects, tee;  // kept off the terminal, unless teed
  std::set<int> shown_ranks;    // local ranks whose output is shown; empty: all
};

struct ProbeCommand {
  bool json = false;
};

struct EvaluateCommand {
  std::string config, checkpoint;
  std::vector<std::string> overrides;
  bool json = false;
};

struct TuneCommand {
  std::string config;
  std::vector<std::string> overrides;
  bool write = false;  // the tuned values into the config file
  bool team = false;   // this card's entry into the team file
  bool retune = false, json = false;
  std::string gpu;  // NAME[:MEMORY] of a card that is not here; "": this machine
};

struct CheckpointsCommand {
  enum class Verb { list, verify, prune, export_weights, import_weights };
  Verb verb = Verb::list;
  std::string path;                    // a run's folder, a folder of checkpoints, or a file
  std::vector<std::string> overrides;  // prune: keys of checkpoint:
  bool dry_run = false, json = false;
  std::string format;  // export: safetensors or torch; "": as the output's extension says
  std::string key;     // import: of the dict that is taken; "": found by the file's layout
  std::string output;  // "": a name in the working directory; export alone
};

struct EstimateCommand {
  std::string config;  // "": from figures
  std::vector<std::string> overrides;
  std::string horizons, deadline;  // "5,10,20" epochs; "3d"; "": not asked for
  FigureOptions figures;
  bool json = false;
};

struct DoctorCommand {
  std::string run_dir;  // "": the newest run below runs/
  std::string output;   // "": a name with the time, in the working directory
};

struct PrintCommand {
  std::string text;  // --help, --version
};

using Command = std::variant<RunCommand, ProgramCommand, ProbeCommand, EvaluateCommand, TuneCommand, CheckpointsCommand,
                             EstimateCommand, DoctorCommand, PrintCommand>;

// `arguments` without the program's own name. `variables` is the environment, asked for torchrun's PET_ variables.
Command parse_command_line(const std::vector<std::string>& arguments, const Getenv& variables);

}  // namespace tlaunch
