#include "launcher/job/started_once.h"

#include "base/environment.h"
#include "base/error.h"
#include "base/text.h"
#include "base/whole_number.h"

namespace tlaunch {
namespace {

struct LauncherByRank {
  const char *name, *rank, *size;
};

// Each of them gives every copy its rank. Not all set the number of copies, so a rank above 0 is proof enough.
constexpr LauncherByRank launchers_by_rank[] = {
    {"mpirun (MVAPICH2)", "MV2_COMM_WORLD_RANK", "MV2_COMM_WORLD_SIZE"},
    {"flux run", "FLUX_TASK_RANK", "FLUX_JOB_SIZE"},
    {"jsrun", "JSM_NAMESPACE_RANK", "JSM_NAMESPACE_SIZE"},
    {"mpiexec (PALS)", "PALS_RANKID", "PMI_SIZE"},
};

// 0 if the variable is not set or is not a number.
std::int64_t count_in(const Getenv& variables, const char* name) {
  const auto value = variables(name);
  return value ? whole_number(*value).value_or(0) : 0;
}

}  // namespace

void check_started_once(const Getenv& variables) {
  const std::string each =
      "and each copy would run the whole job. tlaunch runs on one machine and starts its ranks itself; use";
  if (const auto nodes = count_in(variables, "SLURM_STEP_NUM_NODES"); nodes > 1)
    throw UsageError(
        format_text("srun starts this command on {} nodes (SLURM_STEP_NUM_NODES), {}: srun --nodes=1 "
                    "--ntasks=1 tlaunch --nproc N ...",
                    nodes, each));
  if (const auto tasks = count_in(variables, "SLURM_STEP_NUM_TASKS"); tasks > 1)
    throw UsageError(
        format_text("srun starts this command {} times (SLURM_STEP_NUM_TASKS), {}: srun --ntasks=1 "
                    "--cpus-per-task=CORES tlaunch --nproc {} ...",
                    tasks, each, tasks));
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"})  // Open MPI; MPICH and Intel MPI
    if (const auto copies = count_in(variables, name); copies > 1)
      throw UsageError(
          format_text("mpirun starts this command {} times ({}), {}: tlaunch --nproc {} ... without mpirun", copies,
                      name, each, copies));
  for (const auto& [launcher, rank, size] : launchers_by_rank) {
    if (!variables(rank) || (count_in(variables, rank) == 0 && count_in(variables, size) <= 1)) continue;
    throw UsageError(format_text("{} starts this command several times ({}), {} one task of it: tlaunch --nproc N ...",
                                 launcher, rank, each));
  }
}

std::string unused_nodes_note(const Getenv& variables, const std::string& host) {
  const auto nodes = count_in(variables, "SLURM_JOB_NUM_NODES");
  if (nodes <= 1 || count_in(variables, "SLURM_STEP_NUM_NODES") > 0) return "";
  return format_text("this Slurm job has {} nodes; tlaunch uses one, {} (sbatch --nodes=1 asks for one)", nodes, host);
}

}  // namespace tlaunch
