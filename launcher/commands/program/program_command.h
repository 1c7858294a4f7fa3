// A plain program with torchrun's environment, one process per rank on this machine.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/run_config.h"
#include "launcher/cli/stream_choice.h"
#include "processes/output/log_file.h"

namespace tlaunch {

enum class ProgramKind { python_script, python_module, executable };

struct ProgramCommand {
  ProgramKind kind = ProgramKind::executable;
  std::string program;  // path, or the module's name
  std::vector<std::string> arguments;
  std::optional<std::string> nproc;  // none: 1, as under torchrun
  std::optional<std::int64_t> max_restarts;
  std::optional<double> grace_s;
  std::optional<double> hang_timeout_s;                     // seconds without output; none: not watched
  bool pass_stdin = false;                                  // stdin to rank 0 of several; a single rank always reads it
  std::string run_dir, log_dir;                             // log files go to run_dir/logs or log_dir; both "": none
  std::uint64_t log_limit_bytes = default_log_limit_bytes;  // per rank
  std::optional<std::uint64_t> wait_gpu_bytes;              // free on each GPU of the ranks before the start
  NumaBinding numa = NumaBinding::none;
  std::optional<std::string> max_time, on_end;  // as launch.max_time and launch.on_end
  // Options of torchrun:
  bool nproc_as_torchrun = false;   // auto without a GPU: one rank per allowed core
  bool virtual_local_rank = false;  // each rank sees one GPU as its device 0
  std::string role = "default";
  std::string run_id = "none";  // "": a new UUID
  std::string master_address;   // "": 127.0.0.1
  int master_port = 0;          // 0: any free port
  std::string signals_to_handle = "SIGTERM,SIGINT,SIGHUP,SIGQUIT";
  StreamChoice redirects, tee;  // redirected streams are not shown, unless they are teed
  std::set<int> shown_ranks;    // local ranks whose output is shown; empty: all
};

// Probes only the hardware that the number of ranks and their placement need, runs the program to its end, and then the
// command of --on-end. Returns the exit code. Throws UsageError before anything is started.
int run_plain_program(const ProgramCommand& command);

}  // namespace tlaunch
