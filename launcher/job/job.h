// From the command line to a job that can be started, in three values, each made of the one before: loaded (worker
// found and described, config checked), prepared (machine probed, data, model and weights looked at, number of ranks),
// and with a plan. Reads files and the machine, writes only caches. All that a user can have wrong is refused here,
// before anything is measured or trained.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "checkpoint/data_identity.h"
#include "config/config_loader.h"
#include "config/description.h"
#include "contract/plan.h"
#include "hardware/placement.h"
#include "hardware/profile.h"
#include "launcher/job/world_size.h"
#include "tuning/prior.h"

namespace tlaunch {

enum class JobWeights { first, none, checkpoint, resume };

struct JobRequest {
  std::string config_path;
  std::vector<std::string> overrides;
  std::string run_dir = {};  // for the disk figures; "": run_root
  // What must fit the model (job_check.h). first: model.weights, where the config has one; checkpoint: the weights of
  // `checkpoint`; resume: all that is needed to go on from it; none: nothing, for want of a checkpoint that is known.
  JobWeights weights = JobWeights::first;
  std::string checkpoint = {};
  bool trains = true;  // so the effective batch must be there in the data
};

// What the command line and the config ask for, and the worker that is to do it.
struct LoadedJob {
  std::string worker_path;  // absolute
  WorkerDescription worker;
  LoadedConfig loaded;  // as the user asked for it, with the sources of its values
};

// On this machine.
struct PreparedJob : LoadedJob {
  HardwareProfile hardware;
  World world;
  Placement placement;               // of the ranks on cards and cores
  std::optional<DataIdentity> data;  // none: the worker cannot tell before it trains
  // Of the run that is resumed, where the config leaves it to auto (resume.h); none: a new run.
  std::optional<std::int64_t> effective_batch_size;
};

// With a plan: what runs. Another plan makes another Job, so that `config` is always what was asked for with `plan`
// applied, and nothing that was asked for (an option of the command line is an override of a key) can get lost.
struct Job : PreparedJob {
  Job(PreparedJob prepared, Plan with_plan);
  const Plan plan;
  const RunConfig config;  // no `auto` is left
};

// Worker found and described, config loaded and checked. Throws UsageError.
LoadedJob load_job(const JobRequest& request);

// The machine, data, model and weights, ranks, and the plan of the prior (tuning/prior.h). Throws UsageError, and
// DataError for data and weights that cannot be had.
Job prepare_job(LoadedJob loaded, const JobRequest& request);

Job prepare_job(const JobRequest& request);  // both

// What tuning must know of it beside the config.
JobShape shape_of(const PreparedJob& job);

}  // namespace tlaunch
