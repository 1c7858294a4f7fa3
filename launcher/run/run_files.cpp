#include "launcher/run/run_files.h"

#include "core/atomic_file.h"

namespace tlaunch {

Json plan_json(const Job& job) {
  Json plan = to_json(job.plan);
  plan["placement"] = to_json(job.placement);
  return plan;
}

RunFiles write_run_files(const Job& job, const RunFolder& folder) {
  RunFiles files{folder.file("config.yaml"), folder.file("plan.json")};
  write_file_atomically(files.config_path, to_yaml(job.loaded.config, job.worker));
  write_file_atomically(files.plan_path, text_of(plan_json(job), 2) + "\n");
  return files;
}

}  // namespace tlaunch
