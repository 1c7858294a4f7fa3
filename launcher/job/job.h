// From the command line to a job that can be started: worker found and described, config loaded and checked, machine
// probed, number of ranks and plan decided. Reads files and the machine, writes only the description cache. All that a
// user can have wrong is refused here, before any process starts.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/config_loader.h"
#include "core/description.h"
#include "core/plan.h"
#include "hardware/placement.h"
#include "hardware/profile.h"
#include "launcher/job/world_size.h"
#include "tuning/prior.h"

namespace tlaunch {

struct JobRequest {
  std::string config_path;
  std::vector<std::string> overrides;
  std::string run_dir;               // for the disk figures; "": run_root
};

struct Job {
  std::string worker_path;           // absolute
  WorkerDescription worker;
  LoadedConfig loaded;               // as the user asked for it, with the sources of its values
  HardwareProfile hardware;
  World world;
  Placement placement;               // of the ranks on cards and cores
  // Of the run that is resumed, where the config leaves it to auto (resume.h); none: a new run.
  std::optional<std::int64_t> effective_batch_size;
  Plan plan;
  RunConfig config;                  // with the plan applied: no `auto` is left
};

// Throws UsageError.
Job prepare_job(const JobRequest& request);

// What tuning must know of it beside the config.
JobShape shape_of(const Job& job);

// getenv() as the loader wants it.
std::optional<std::string> environment_value(const std::string& name);

}  // namespace tlaunch
