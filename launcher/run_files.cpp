#include "launcher/run_files.h"

#include "core/atomic_file.h"

namespace tlaunch {

RunFiles write_run_files(const Job& job, const RunFolder& folder) {
  RunFiles files{folder.file("config.yaml"), folder.file("plan.json")};
  write_file_atomically(files.config_path, to_yaml(job.loaded.config, job.worker));
  write_file_atomically(files.plan_path, to_json(job.plan).dump(2) + "\n");
  return files;
}

}  // namespace tlaunch
