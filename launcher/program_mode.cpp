#include "launcher/program_mode.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <optional>
#include <sstream>

#include "core/clock.h"
#include "launcher/environment.h"
#include "launcher/failure.h"
#include "launcher/hang_stacks.h"
#include "launcher/hang_watch.h"
#include "launcher/process_tree.h"
#include "launcher/rendezvous.h"

namespace tlaunch {

namespace {

constexpr double kDefaultGrace_s = 30;

std::optional<std::string> variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? std::optional<std::string>(value) : std::nullopt;
}

bool in_path(const std::string& program) {
  std::istringstream folders(variable("PATH").value_or("/usr/bin:/bin"));
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (::access((folder + "/" + program).c_str(), X_OK) == 0) return true;
  }
  return false;
}

GroupResult run_watched(const GroupSpec& spec, double hang_timeout_s) {
  SilenceWatch watch(hang_timeout_s);
  GroupCallbacks callbacks;
  callbacks.on_output = [&] { watch.on_output(); };
  callbacks.on_tick = [] {};  // so that a turn ends now and then
  RunningGroup group(spec, callbacks);
  while (group.turn()) {
    const auto processes = group.at_work();
    const auto verdict = watch.tick(monotonic_s(), states_of(processes));
    if (!verdict) continue;
    const std::string cause = "hang: " + verdict->reason + " (--hang-timeout " + Json(hang_timeout_s).dump() + ")";
    std::cerr << "tlaunch: " << cause << '\n';
    if (const std::string& log = spec.workers.front().log_path; !log.empty())
      save_stacks(processes, {verdict->blamed}, std::filesystem::path(log).parent_path());
    group.end_hung(verdict->blamed, cause);
  }
  return group.finish();
}

}  // namespace

std::vector<std::string> program_argv(const ProgramCommand& command) {
  std::vector<std::string> argv;
  if (command.kind != ProgramKind::executable) {
    argv = {in_path("python") ? "python" : "python3", "-u"};
    if (command.kind == ProgramKind::python_module) argv.push_back("-m");
  }
  argv.push_back(command.program);
  argv.insert(argv.end(), command.arguments.begin(), command.arguments.end());
  return argv;
}

int run_program(const ProgramCommand& command, int ranks, int allowed_cores) {
  const Rendezvous port = hold_port();
  GroupSpec group;
  group.grace_s = command.grace_s.value_or(kDefaultGrace_s);
  for (int rank = 0; rank < ranks; ++rank) {
    EnvironmentSpec environment;
    environment.local_rank = rank;
    environment.local_world_size = ranks;
    environment.master_address = loopback_address;
    environment.master_port = port.port;
    environment.allowed_cores = allowed_cores;
    environment.omp_num_threads = variable("OMP_NUM_THREADS");
    environment.nccl_async_error_handling = variable("TORCH_NCCL_ASYNC_ERROR_HANDLING");
    WorkerSpec worker;
    worker.argv = program_argv(command);
    worker.environment = torchrun_environment(environment);
    worker.environment["PYTHONUNBUFFERED"] = variable("PYTHONUNBUFFERED").value_or("1");
    worker.inherit_stdin = ranks == 1;
    if (!command.run_dir.empty()) {
      worker.log_path = std::filesystem::absolute(command.run_dir) / "logs" / "attempt_0" / ("rank_" + std::to_string(rank) + ".log");
    }
    group.workers.push_back(std::move(worker));
  }
  const GroupResult result = command.hang_timeout_s ? run_watched(group, *command.hang_timeout_s) : run_group(group, {});
  // The output of a single rank has just been seen, at the end of the terminal.
  if (result.failure) {
    for (const std::string& line : failure_report(*result.failure, ranks > 1)) std::cerr << line << '\n';
  }
  return result.exit_code;
}

}  // namespace tlaunch
