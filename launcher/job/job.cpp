#include "launcher/job/job.h"

#include <charconv>
#include <cstdlib>

#include "base/environment.h"
#include "base/error.h"
#include "contract/worker_env.h"
#include "launcher/job/capability.h"
#include "launcher/job/gpu_wait.h"
#include "launcher/job/job_check.h"
#include "launcher/job/worker_binary.h"

namespace tlaunch {
namespace {

void check_capability(PreparedJob& job) {
  if (!job.world.on_gpu) return;
  if (job.worker.cuda_architectures.empty() && !job.worker.cuda_version.empty())
    job.worker = describe_worker_anew(job.worker_path);
  if (const auto problem = capability_problem(cards_of_ranks(job.hardware.gpus, job.world.size), job.worker,
                                              job.hardware.driver_version))
    throw UsageError(*problem);
}

// "4" or, with a number for each level of nesting, "4,2". A value that OpenMP would ignore counts as not set.
std::optional<std::int64_t> omp_num_threads() {
  const auto text = environment_value("OMP_NUM_THREADS");
  if (!text) return std::nullopt;
  std::int64_t threads = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), threads);
  const bool whole = end == text->data() + text->size() || *end == ',';
  if (error != std::errc() || !whole || threads < 1 || threads > 4096) return std::nullopt;
  return threads;
}

}  // namespace

JobShape shape_of(const PreparedJob& job) {
  // The loader has checked that the model is known.
  JobShape shape{job.worker.model(job.loaded.config.model.name)->sample_kind, job.world.on_gpu, job.world.size,
                 omp_num_threads(), job.effective_batch_size};
  if (job.data) shape.train_samples = job.data->train_samples;
  if (is_pinned(job.placement)) shape.cores_per_rank = least_core_share(job.placement);
  return shape;
}

Job::Job(PreparedJob prepared, Plan with_plan)
    : PreparedJob(std::move(prepared)), plan(std::move(with_plan)), config(apply(loaded.config, plan)) {}

LoadedJob load_job(const JobRequest& request) {
  const ConfigSource source{request.config_path, request.overrides, environment_value};
  LoadedJob job;
  // This reads the config a first time: its keys cannot be checked before the worker has described its models and data
  // sets.
  job.worker_path = find_worker(worker_of(source));
  job.worker = describe_worker(job.worker_path);
  job.loaded = load_config(source, job.worker);
  return job;
}

Job prepare_job(LoadedJob loaded, const JobRequest& request) {
  PreparedJob job{std::move(loaded), {}, {}, {}, {}, {}};
  const RunConfig& asked = job.loaded.config;
  job.hardware = probe(request.run_dir.empty() ? asked.run_root : request.run_dir);
  job.world = world_of(asked.launch.nproc, job.hardware,
                       /*share_cards=*/environment_value(env::cuda_backend) == "gloo");
  check_capability(job);
  job.placement = place_ranks(job.hardware.cpu, job.world.on_gpu ? job.hardware.gpus : std::vector<GpuInfo>{},
                              job.world.size, asked.launch.numa);
  job.data = check_job(job, request);
  Plan prior = prior_plan(asked, job.hardware, shape_of(job));
  Job planned(std::move(job), std::move(prior));
  if (request.trains) check_batch(planned);
  return planned;
}

Job prepare_job(const JobRequest& request) { return prepare_job(load_job(request), request); }

}  // namespace tlaunch
