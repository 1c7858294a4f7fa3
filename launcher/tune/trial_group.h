// Trials by real workers: a group of `tlaunch-worker trial`, kept for many trials, thrown away after a failure.
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

// After which a trial without an answer counts as hung. A visit may take twenty times what it should besides.
struct TrialLimits {
  double start_up_s = 60;  // more for a first trial: LibTorch from a cold network disk, CUDA, the data set
  double trial_s = 30;
  TimeLimit time = {};  // of the run: a trial is stopped then, as if somebody had told it to
};

class TrialGroup : public TrialRunner {
 public:
  // `job.plan` (the prior) gives the workers what a trial does not vary, and their memory cap. Their output goes to
  // `log_folder` ("": nowhere), never to the terminal. Processes start with the first trial. Ctrl-C while one runs ends
  // it as interrupted; see RunningGroup for the rules on threads and signals.
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

// What the ranks measured, as one: the slowest rank's times, the largest rank's memory. Pure.
TrialResult merge_ranks(const std::vector<TrialResult>& ranks);

}  // namespace tlaunch
