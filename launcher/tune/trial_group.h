// Trials by real workers: a group of `tlaunch-worker trial` processes that serves many trials and is replaced after a
// failure.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/descriptor.h"
#include "base/temporary_folder.h"
#include "launcher/job/worker_group.h"
#include "processes/group/time_limit.h"
#include "tuning/search/trial_runner.h"

namespace tlaunch {

// Time limits. A trial without an answer by then counts as hung. Twenty times the planned measuring time is added.
struct TrialLimits {
  double start_up_s = 60;  // added for a first trial: LibTorch from a cold network disk, CUDA, the data set
  double trial_s = 30;
  TimeLimit time = {};  // of the run: when it is over, a trial is stopped as by a signal
};

class TrialGroup : public TrialRunner {
 public:
  // `job.plan` (the prior) has the settings that a trial does not vary, and the memory cap of the workers. Their output
  // goes to `log_folder` ("": nowhere), never to the terminal. The processes start with the first trial. Ctrl-C during
  // a trial ends it as interrupted; see RunningGroup for the rules on threads and signals.
  TrialGroup(const Job& job, std::string log_folder, TrialLimits limits = {});
  ~TrialGroup() override;

  TrialResult run(const TrialSpec& spec) override;
  double elapsed_s() const override;
  int interrupted_by() const { return interrupted_by_; }  // the signal; 0: none

 private:
  struct Group;
  bool start(TrialResult& failed);  // false: `failed` says why
  TrialResult ended(TrialResult result);

  const Job& job_;
  std::string log_folder_;
  TrialLimits limits_;
  TemporaryFolder folder_;
  double start_s_;
  int starts_ = 0, interrupted_by_ = 0;
  std::unique_ptr<Group> group_;
};

// Merges the results of the ranks: the times of the slowest rank, the memory of the largest. Pure.
TrialResult merge_ranks(const std::vector<TrialResult>& ranks);

}  // namespace tlaunch
