#include "launcher/commands/program/program_mode.h"

#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>

#include "base/atomic_file.h"
#include "base/clock.h"
#include "base/environment.h"
#include "base/error.h"
#include "base/path_lookup.h"
#include "base/text.h"
#include "base/units.h"
#include "launcher/commands/program/program_hang.h"
#include "launcher/commands/program/program_logs.h"
#include "launcher/commands/program/program_summary.h"
#include "launcher/commands/program/string_template.h"
#include "processes/group/environment.h"
#include "processes/group/error_file.h"
#include "processes/group/failure.h"
#include "processes/group/rendezvous.h"
#include "processes/group/restart_policy.h"
#include "processes/group/trace.h"
#include "processes/output/say.h"

namespace tlaunch {

namespace {

constexpr double kDefaultGrace_s = 30;

// Replaces only torchrun's macro: the argument may be for a shell, and string.Template would change its $$.
std::string with_local_rank(std::string argument, const std::string& number) {
  static const std::string macro = "${local_rank}";
  for (std::size_t at = argument.find(macro); at != std::string::npos; at = argument.find(macro, at))
    argument.replace(at, macro.size(), number);
  return argument;
}

std::string new_uuid() {
  std::string text;
  std::getline(std::ifstream("/proc/sys/kernel/random/uuid"), text);
  return text.empty() ? std::to_string(::getpid()) : text;
}

// A full disk is reported, but does not change the exit code.
void keep_summary(const RunFolder& folder, const Json& summary) {
  const std::string path = folder.file("summary.json");
  if (!may_replace_summary(path)) {
    say(format_text(
        "tlaunch: {} was not written by tlaunch and is left as it is; the summary of this program is not saved", path));
    return;
  }
  try {
    write_file_atomically(path, text_of(without_nonfinite(summary), 2) + "\n");
  } catch (const IoError& error) {
    say(format_text("tlaunch: {}", error.what()));
  }
}

// A restart that cannot make its log folder runs without logs.
ProgramLogs logs_of_attempt(const ProgramHome& home, int restarts) {
  try {
    return make_program_logs(home);
  } catch (const IoError& error) {
    if (restarts == 0) throw;
    say(format_text("tlaunch: {}; continuing without logs", error.what()));
    return {};
  }
}

EnvironmentSpec environment_spec(const ProgramCommand& command, const Placement& placement) {
  EnvironmentSpec environment;
  environment.local_world_size = static_cast<int>(placement.ranks.size());
  environment.master_address = command.master_address.empty() ? loopback_address : command.master_address;
  environment.role = command.role;
  environment.run_id = command.run_id.empty() ? new_uuid() : command.run_id;
  environment.signals_to_handle = command.signals_to_handle;
  environment.virtual_local_rank = command.virtual_local_rank;
  environment.cuda_visible_devices = environment_value("CUDA_VISIBLE_DEVICES");
  environment.omp_num_threads = environment_value("OMP_NUM_THREADS");
  environment.nccl_async_error_handling = environment_value("TORCH_NCCL_ASYNC_ERROR_HANDLING");
  return environment;
}

}  // namespace

std::vector<std::string> program_argv(const ProgramCommand& command, int local_rank) {
  std::vector<std::string> argv;
  if (command.kind != ProgramKind::executable) {
    argv = {environment_value("PYTHON_EXEC").value_or(find_in_path("python").empty() ? "python3" : "python"), "-u"};
    if (argv[0].empty())
      throw UsageError("the variable PYTHON_EXEC is empty: set it to a Python interpreter, or unset it");
    if (command.kind == ProgramKind::python_module) argv.push_back("-m");
  }
  const std::string number = std::to_string(local_rank);
  if (command.kind == ProgramKind::executable) {
    argv.push_back(command.program);
    for (const std::string& argument : command.arguments) argv.push_back(with_local_rank(argument, number));
    return argv;
  }
  argv.push_back(safe_substitute(command.program, {{"local_rank", number}}));
  for (const std::string& argument : command.arguments)
    argv.push_back(safe_substitute(argument, {{"local_rank", number}}));
  return argv;
}

namespace {

GroupResult run_timed(const GroupSpec& spec, const TimeLimit& limit) {
  if (std::isinf(limit.left_s())) return run_group(spec, {});
  GroupCallbacks callbacks;
  callbacks.on_tick = [] {};  // makes turn() return regularly
  RunningGroup group(spec, callbacks);
  while (group.turn())
    if (limit.over()) group.stop_in_time(limit.told());
  return group.finish();
}

GroupResult run_once(const ProgramCommand& command, const Placement& placement, EnvironmentSpec environment,
                     const ProgramLogs& logs, const TimeLimit& limit) {
  const int ranks = environment.local_world_size;
  GroupSpec group;
  group.grace_s = command.grace_s.value_or(kDefaultGrace_s);
  group.log_limit_bytes = command.log_limit_bytes;
  group.rows = true;
  std::vector<ErrorFile> error_files;  // must live as long as the group
  for (int rank = 0; rank < ranks; ++rank) {
    const RankPlacement& place = placement.ranks[static_cast<std::size_t>(rank)];
    environment.local_rank = rank;
    environment.core_share = place.core_share;
    WorkerSpec worker;
    worker.cores = place.cores;
    worker.argv = program_argv(command, rank);
    worker.environment = torchrun_environment(environment);
    // Makes Python write its stacks if the group hangs. torchrun does not set this variable.
    if (command.hang_timeout_s)
      worker.environment["PYTHONFAULTHANDLER"] = environment_value("PYTHONFAULTHANDLER").value_or("1");
    worker.environment["PYTHONUNBUFFERED"] = environment_value("PYTHONUNBUFFERED").value_or("1");
    worker.inherit_stdin = ranks == 1 || (command.pass_stdin && rank == 0);
    worker.log_path = logs.file(rank, ".log");
    error_files.push_back(make_error_file(logs.file(rank, ".error.json")));
    if (const auto prefix = environment_value("TORCHELASTIC_LOG_LINE_PREFIX_TEMPLATE"); prefix && !prefix->empty())
      worker.line_prefix = safe_substitute(
          *prefix, {{"role_name", command.role}, {"local_rank", std::to_string(rank)}, {"rank", std::to_string(rank)}});
    worker.error_path = worker.environment["TORCHELASTIC_ERROR_FILE"] = error_files.back().path;
    const bool shown = command.shown_ranks.empty() || command.shown_ranks.contains(rank);
    worker.show_out = shown && (command.tee.has_out(rank) || !command.redirects.has_out(rank));
    worker.show_error = shown && (command.tee.has_error(rank) || !command.redirects.has_error(rank));
    group.workers.push_back(std::move(worker));
  }
  const GroupResult result =
      command.hang_timeout_s ? run_watched(group, *command.hang_timeout_s, limit) : run_timed(group, limit);
  // The output of a single rank is not repeated, because it is the end of what the terminal shows. A rank that ended
  // because its reader went away has not failed: pipelines of a shell end so.
  if (result.failure && !result.reader_gone) {
    for (const std::string& line : failure_report(*result.failure, ranks > 1)) say(line);
  }
  return result;
}

}  // namespace

int run_program(const ProgramCommand& command, const Placement& placement, const TimeLimit& limit, RunEnding& ending) {
  std::error_code error;  // if the file cannot be reached, Python says why
  const bool named_outright = command.program.find('$') == std::string::npos;  // otherwise each rank replaces the macro
  if (command.kind == ProgramKind::python_script && named_outright &&
      std::filesystem::status(command.program, error).type() == std::filesystem::file_type::not_found)
    throw UsageError(format_text("{}: there is no such file", command.program));
  const Rendezvous port = command.master_port == 0 ? hold_port() : hold_port(command.master_port);
  EnvironmentSpec environment = environment_spec(command, placement);
  environment.master_port = port.port;
  environment.max_restarts = command.max_restarts.value_or(0);
  const ProgramHome home = open_program_home(command);
  if (home.folder) ending.run_dir = home.folder->path();
  RestartPolicy policy(environment.max_restarts, std::nullopt, /*knows_progress=*/false);
  for (;; ++environment.restarts) {
    const double start_s = unix_time_s();
    const ProgramLogs logs = logs_of_attempt(home, environment.restarts);
    GroupResult result = run_once(command, placement, environment, logs, limit);
    if (result.output_error != 0) {
      say(format_text("tlaunch: some output of the program was lost: cannot write to standard output: {}",
                      std::strerror(result.output_error)));
      if (result.exit_code == exit_code::ok) result.exit_code = exit_code::io;
    }
    const Json summary = program_summary(result, unix_time_s() - start_s, logs.folder);
    if (home.folder) keep_summary(*home.folder, summary);
    ending.status = summary.value("status", "");
    ending.reason = summary.value("reason", "");
    if (!result.failure || result.reader_gone) return result.exit_code;  // no rank failed: no restart
    const auto next = policy.after({result.exit_code, {}}, random_share());
    trace("decision", to_text(next));
    if (!next.why_not.empty()) say("tlaunch: " + next.why_not);
    if (!next.wait_s) return result.exit_code;
    if (limit.over(*next.wait_s)) {
      const std::string why_not = format_text("not restarted: {}", limit.told());
      say("tlaunch: " + why_not);
      trace("decision", why_not);
      return result.exit_code;
    }
    say(format_text("tlaunch: restart {} of {} in {}", environment.restarts + 1, environment.max_restarts,
                    format_duration(*next.wait_s)));
    if (const int signal = wait_unless_told(*next.wait_s)) return stopped_waiting(ending, signal);
  }
}

}  // namespace tlaunch
