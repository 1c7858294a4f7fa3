// A group of tlaunch-workers: their command lines and environments. The rendezvous port is chosen here and stays open
// while the object lives.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/environment.h"
#include "launcher/job/job.h"
#include "processes/group/rendezvous.h"
#include "processes/group/supervise.h"
#include "processes/group/time_limit.h"

namespace tlaunch {

struct WorkerStart {
  std::vector<std::string> arguments;  // after the name of the worker: "train", CONFIG
  std::string run_dir, plan_path;      // "" for run_dir: the workers write nothing
  std::string resume_path, smoke;      // "": none
  std::string log_folder;              // "": no log files
  bool fit_disk = false, profile = false;
  std::uint64_t log_limit_bytes = default_log_limit_bytes;
  bool pass_stdin = false;  // the launcher's standard input to rank 0
  int attempt = 0;
  double grace_s = 30;
  TimeLimit time_limit;    // run_session() (run/run_session.h) stops the group when it is over
  double heartbeat_s = 0;  // interval of the workers' heartbeat events; 0: none
};

struct WorkerGroup {
  Rendezvous rendezvous;
  GroupSpec spec;
};

WorkerGroup worker_group(const Job& job, const WorkerStart& start);

// Settings of the C library's allocator for training: large tensors come from the heap instead of being mapped and
// unmapped in each step, and the heap grows in large steps. Variables that the user has set are left out. Pure.
std::map<std::string, std::string> allocator_environment(const Getenv& getenv);

}  // namespace tlaunch
