#include "launcher/job/worker_group.h"

#include "base/environment.h"
#include "contract/worker_env.h"
#include "processes/group/environment.h"
#include "processes/hang/hang_stacks.h"

namespace tlaunch {

std::map<std::string, std::string> allocator_environment(const Getenv& getenv) {
  // 4 MiB threshold, 1 GiB trim, 64 MiB top pad: the fastest of the measured values (docs/command-line.md).
  const std::map<std::string, std::string> wanted = {
      {"MALLOC_MMAP_THRESHOLD_", "4194304"}, {"MALLOC_TRIM_THRESHOLD_", "1073741824"}, {"MALLOC_TOP_PAD_", "67108864"}};
  std::map<std::string, std::string> set;
  for (const auto& [name, value] : wanted)
    if (!getenv(name)) set[name] = value;
  return set;
}

WorkerGroup worker_group(const Job& job, const WorkerStart& start) {
  WorkerGroup group{listen_on_loopback(), {}};
  group.spec.store_fd = group.rendezvous.socket.get();
  group.spec.events = true;
  group.spec.grace_s = start.grace_s;
  group.spec.log_limit_bytes = start.log_limit_bytes;
  EnvironmentSpec contract;
  contract.local_world_size = static_cast<int>(job.world.size);
  contract.master_address = loopback_address;
  contract.master_port = group.rendezvous.port;
  if (const auto& threads = job.config.launch.threads_per_rank)
    contract.omp_num_threads = std::to_string(*threads);
  else
    contract.omp_num_threads = environment_value("OMP_NUM_THREADS");
  contract.nccl_async_error_handling = environment_value("TORCH_NCCL_ASYNC_ERROR_HANDLING");
  for (int rank = 0; rank < contract.local_world_size; ++rank) {
    const RankPlacement& place = job.placement.ranks.at(static_cast<std::size_t>(rank));
    contract.local_rank = rank;
    contract.core_share = place.core_share;
    WorkerSpec worker;
    worker.argv = {job.worker_path};
    worker.inherit_stdin = start.pass_stdin && rank == 0;
    worker.cores = place.cores;
    worker.argv.insert(worker.argv.end(), start.arguments.begin(), start.arguments.end());
    worker.environment = torchrun_environment(contract);
    worker.environment.merge(allocator_environment(environment_value));
    worker.environment[env::device] = job.world.on_gpu ? "cuda" : "cpu";
    // The card of rank N is the Nth probed card, because its cores, memory and capability were looked up, whatever
    // order the user has set for other programs. A rank on the CPU sees no card, or autograd would start CUDA in it.
    if (job.world.on_gpu)
      worker.environment["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID";
    else
      worker.environment["CUDA_VISIBLE_DEVICES"] = "";
    worker.environment[env::attempt] = std::to_string(start.attempt);
    worker.environment[env::plan] = start.plan_path;
    if (start.heartbeat_s > 0) worker.environment[env::heartbeat_s] = Json(start.heartbeat_s).dump();
    if (!start.run_dir.empty()) worker.environment[env::run_dir] = start.run_dir;
    if (!start.resume_path.empty()) worker.environment[env::resume] = start.resume_path;
    if (start.fit_disk) worker.environment[env::fit_disk] = "1";
    if (start.profile) worker.environment[env::profile] = "1";
    if (!start.smoke.empty()) worker.environment[env::smoke] = start.smoke;
    if (!start.log_folder.empty()) {
      worker.log_path = start.log_folder + "/rank_" + std::to_string(rank) + ".log";
      worker.environment[env::stack_file] = stack_path(start.log_folder, rank);
    }
    group.spec.workers.push_back(std::move(worker));
  }
  return group;
}

}  // namespace tlaunch
