// From the command line to a job that can be started, in three values, each made from the one before: loaded (worker
// found and described, config checked), prepared (machine probed, data, model and weights checked, number of ranks
// known), and with a plan. Reads files and the machine, writes only caches. Every user error is reported here, before
// anything is measured or trained.
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
  std::string run_dir = {};  // the folder whose disk is probed; "": run_root
  // The weights that must fit the model (job_check.h). first: model.weights, if the config sets it; checkpoint: the
  // weights of `checkpoint`; resume: everything that a run needs to continue from `checkpoint`; none: nothing, because
  // the checkpoint is not known yet.
  JobWeights weights = JobWeights::first;
  std::string checkpoint = {};
  bool trains = true;  // then the effective batch must not be larger than the data
};

// The request of the command line and the config, and the worker for it.
struct LoadedJob {
  std::string worker_path;  // absolute
  WorkerDescription worker;
  LoadedConfig loaded;  // as the user wrote it, with the source of each value
};

// The request on this machine.
struct PreparedJob : LoadedJob {
  HardwareProfile hardware;
  World world;
  Placement placement;               // of the ranks on cards and cores
  std::optional<DataIdentity> data;  // empty: the worker cannot report it before it trains
  // That of the resumed run, if the config leaves it to auto (launcher/run/own_plan.h); empty for a new run.
  std::optional<std::int64_t> effective_batch_size;
};

// The request with a plan: this is what runs. Another plan makes another Job, so that `config` is always the request
// with `plan` applied, and nothing of the request (an option of the command line is an override of a key) gets lost.
struct Job : PreparedJob {
  Job(PreparedJob prepared, Plan with_plan);
  const Plan plan;
  const RunConfig config;  // no `auto` is left
};

// Worker found and described, config loaded and checked. Throws UsageError.
LoadedJob load_job(const JobRequest& request);

// Probes the machine, checks data, model and weights, places the ranks and makes the prior's plan (tuning/prior.h).
// Throws UsageError, and DataError for data and weights that cannot be loaded.
Job prepare_job(LoadedJob loaded, const JobRequest& request);

Job prepare_job(const JobRequest& request);  // both

// The facts about the job that tuning needs beside the config.
JobShape shape_of(const PreparedJob& job);

}  // namespace tlaunch
