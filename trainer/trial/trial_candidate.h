// One candidate of a trial: a complete training set-up with its settings, timed visit by visit.
#pragma once

#include <memory>

#include "config/run_length.h"
#include "contract/trial.h"
#include "data/loader.h"
#include "trainer/ranks/agreed_memory.h"
#include "trainer/step/guarded_step.h"
#include "trainer/step/train_step.h"
#include "worker/sampler.h"

namespace tlaunch {

// The costs of a run beside its steps.
struct RestOfRun {
  double copy_s = 0;  // the time that a save takes from the steps: to gather the state and, on rank 0, to copy it
  std::uint64_t save_bytes = 0;  // of the file
  double detection_s = 0;
  double evaluation_fixed_s = 0, evaluation_sample_s = 0;  // 0 if the evaluation was not timed
};

class TrialCandidate {
 public:
  // `config`: gives everything except `settings`. All ranks construct it. Until load(), all steps use one batch of real
  // samples: every batch of a job has the same shape, and the loader's cost stays out of the step's.
  TrialCandidate(const RunConfig& config, const TrialSettings& settings, const Ranks& ranks,
                 std::shared_ptr<const Dataset> dataset);

  // From now on batches come from a loader as in a run.
  void load();
  // Whether to wait for the device before each batch. The wait for a batch is then that of the device, not that of the
  // host, which otherwise runs ahead. But such steps take longer than those of a run.
  void wait_for_device(bool wait) { wait_for_device_ = wait; }
  // Does `steps` optimizer steps with this candidate's switches set and returns the seconds per step. It waits for the
  // device before and after them. The loss of the last step goes to figures(); the first call must be of one step, so
  // that the first loss is known. Throws OutOfMemory on all ranks if one of them runs out of memory.
  double step_time_s(std::int64_t steps);
  // Does the work that a run needs memory for beside its steps: an evaluation of one batch per rank, the detection, the
  // copies of a save. It times an evaluation for about `evaluation_s` (0: not at all). All ranks call it.
  RestOfRun touch_rest_of_run(double evaluation_s);
  double make_batch_s();
  // The share of the last step_time_s() that was spent waiting for batches.
  double wait_share() const { return wait_share_; }
  CandidateFigures& figures() { return figures_; }
  const TrainingSetup& setup() const { return setup_; }

 private:
  Batch make_batch(std::int64_t micro_step = 0) const;
  Batch next_batch();
  void one_step();
  void read_loss();
  void time_evaluation(HalvingBatch& batch, double evaluation_s, RestOfRun& rest);

  RunConfig config_;
  const Ranks& ranks_;
  TrainingSetup setup_;
  Sampler sampler_;
  std::vector<std::int64_t> order_;
  RunLength length_;
  TrainStep step_;
  GuardedStep guarded_step_;  // as in a run, whose steps ask the other ranks whether memory sufficed
  Batch batch_;
  torch::Tensor last_loss_;
  CandidateFigures figures_;
  bool wait_for_device_ = false;
  double waited_s_ = 0, wait_share_ = 0;
  std::unique_ptr<Loader> loader_;  // declared last, because its threads use the members above
};

}  // namespace tlaunch
