#include "launcher/commands/program/program_command.h"

#include <filesystem>
#include <utility>

#include "base/clock.h"
#include "base/environment.h"
#include "hardware/cpu.h"
#include "hardware/gpu/gpu_probe.h"
#include "hardware/profile.h"
#include "launcher/commands/program/program_mode.h"
#include "launcher/job/gpu_wait.h"
#include "launcher/job/job.h"
#include "launcher/job/world_size.h"
#include "launcher/run/on_end.h"
#include "processes/output/say.h"

namespace tlaunch {
namespace {

// Probes only the hardware that the number of ranks and their placement need.
int run_within(const ProgramCommand& command, const TimeLimit& limit, RunEnding& ending) {
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
  if (command.nproc == "cpu") hardware.gpus.clear();  // these ranks do not use them
  const Placement placement = place_ranks(cpu, hardware.gpus, ranks, command.numa);
  for (const std::string& line : placement_lines(placement)) say("tlaunch: " + line);
  for (const std::string& note : placement.notes) say("tlaunch: note: " + note);
  return run_program(command, placement, limit, ending);
}

}  // namespace

int run_plain_program(const ProgramCommand& command) {
  const TimeLimit limit(command.max_time, monotonic_s(), "--max-time");
  RunEnding ending;
  ending.name = std::filesystem::path(command.program).filename().string();
  return OnEnd(command.on_end, OnEnd::kLimit_s, "--on-end").around(std::move(ending), [&](RunEnding& filled) {
    return run_within(command, limit, filled);
  });
}

}  // namespace tlaunch
