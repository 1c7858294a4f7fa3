// tlaunch: the launcher. Links no LibTorch; all errors a user can act on end here, with their exit code.
#include <filesystem>
#include <new>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/environment.h"
#include "base/error.h"
#include "base/process_start.h"
#include "hardware/cpu.h"
#include "hardware/gpu/gpu_probe.h"
#include "hardware/profile.h"
#include "launcher/checkpoints/checkpoints_command.h"
#include "launcher/cli/command_line.h"
#include "launcher/commands/doctor_command.h"
#include "launcher/commands/estimate_command.h"
#include "launcher/commands/evaluate_command.h"
#include "launcher/commands/probe_command.h"
#include "launcher/commands/run_command.h"
#include "launcher/commands/tune_command.h"
#include "launcher/job/gpu_wait.h"
#include "launcher/job/job.h"
#include "launcher/job/started_once.h"
#include "launcher/job/world_size.h"
#include "launcher/program/program_mode.h"
#include "launcher/run/on_end.h"
#include "launcher/terminal/results.h"
#include "processes/group/this_machine.h"
#include "processes/output/say.h"

namespace {

using namespace tlaunch;

// A plain program gets no probe beyond what its number of ranks and their placement ask for.
int run_plain_program(const ProgramCommand& command, const TimeLimit& limit, RunEnding& ending) {
  const CpuInfo cpu = probe_cpu(system_files());
  HardwareProfile hardware;
  hardware.cpu = cpu;
  if (command.nproc == "auto" || command.nproc == "gpu" || command.wait_gpu_bytes ||
      command.numa == NumaBinding::node) {
    const GpuProbe found = probe_visible_gpus(system_files(), environment_value);
    hardware.gpus = found.gpus;
    for (const std::string& note : found.notes) say("tlaunch: note: " + note);
  }
  const auto ranks = program_ranks(command.nproc, hardware, command.nproc_as_torchrun);
  if (command.wait_gpu_bytes) {
    Progress progress(stderr, stderr_terminal());
    const GpuWait wait =
        wait_for_gpus(cards_of_ranks(hardware.gpus, ranks), *command.wait_gpu_bytes, gpus_now, progress, limit);
    if (wait.signal != 0 || wait.out_of_time) return stopped_waiting(ending, wait.signal);
  }
  if (command.nproc == "cpu") hardware.gpus.clear();  // of no use to these ranks
  const Placement placement = place_ranks(cpu, hardware.gpus, ranks, command.numa);
  for (const std::string& line : placement_lines(placement)) say("tlaunch: " + line);
  for (const std::string& note : placement.notes) say("tlaunch: note: " + note);
  return run_program(command, placement, limit, ending);
}

int run_plain_program(const ProgramCommand& command) {
  const TimeLimit limit(command.max_time, monotonic_s(), "--max-time");
  RunEnding ending;
  ending.name = std::filesystem::path(command.program).filename().string();
  return OnEnd(command.on_end, OnEnd::kLimit_s, "--on-end").around(std::move(ending), [&](RunEnding& filled) {
    return run_plain_program(command, limit, filled);
  });
}

// Before anything that keeps this machine's cores or cards busy.
void look_for_other_launchers() {
  check_started_once(environment_value);
  if (const std::string note = unused_nodes_note(environment_value, host_name()); !note.empty())
    say("tlaunch: note: " + note);
}

struct Dispatch {
  int operator()(const RunCommand& command) const {
    if (!command.dry_run) look_for_other_launchers();
    return run_config(command);
  }
  int operator()(const ProgramCommand& command) const {
    look_for_other_launchers();
    return run_plain_program(command);
  }
  int operator()(const ProbeCommand& command) const { return run_probe(command); }
  int operator()(const EvaluateCommand& command) const {
    look_for_other_launchers();
    return run_evaluate(command);
  }
  int operator()(const TuneCommand& command) const {
    if (command.gpu.empty()) look_for_other_launchers();
    return run_tune(command);
  }
  int operator()(const EstimateCommand& command) const { return run_estimate(command); }
  int operator()(const CheckpointsCommand& command) const { return run_checkpoints(command); }
  int operator()(const DoctorCommand& command) const { return run_doctor(command); }
  int operator()(const PrintCommand& command) const {
    print_results(command.text);
    return exit_code::ok;
  }
};

}  // namespace

int main(int argc, char** argv) {
  tlaunch::begin_process();
  try {
    return std::visit(Dispatch{}, parse_command_line({argv + 1, argv + argc}, environment_value));
  } catch (const Error& error) {
    if (*error.what() != '\0') say(std::string("tlaunch: ") + error.what());
    return error.code();
  } catch (const std::filesystem::filesystem_error& error) {
    say("tlaunch: cannot access " + error.path1().string() + ": " + error.code().message());
    return exit_code::io;
  } catch (const std::bad_alloc&) {
    say("tlaunch: this machine has no memory left for tlaunch itself; end other programs, or raise the memory limit");
    return exit_code::failure;
  } catch (const std::exception& error) {
    say(std::string("tlaunch: internal error: ") + error.what());
    return exit_code::failure;
  }
}
