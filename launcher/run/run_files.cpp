#include "launcher/run/run_files.h"

#include <filesystem>

#include "base/atomic_file.h"

namespace tlaunch {

Json plan_json(const Job& job) {
  Json plan = to_json(job.plan);
  plan["placement"] = to_json(job.placement);
  return plan;
}

namespace {

RunConfig as_started(const Job& job) {
  RunConfig config = job.loaded.config;
  // A number would mean GPUs where there are some.
  if (job.world.on_gpu || job.hardware.gpus.empty()) config.launch.nproc = std::to_string(job.world.size);
  std::error_code error;
  const auto run_root = std::filesystem::absolute(config.run_root, error);
  if (!error) config.run_root = run_root.lexically_normal().string();
  return config;
}

}  // namespace

RunFiles write_run_files(const Job& job, const RunFolder& folder) {
  RunFiles files{folder.file("config.yaml"), folder.file("plan.json")};
  write_file_atomically(files.config_path, to_yaml(as_started(job), job.worker));
  write_file_atomically(files.plan_path, text_of(plan_json(job), 2) + "\n");
  return files;
}

}  // namespace tlaunch
