// One setting under trial: a whole training set-up of its own, timed by the visit.
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

// What a run does beside its steps.
struct RestOfRun {
  double copy_s = 0;  // what a save takes from the steps: to gather the state and copy it. Rank 0 alone has copies
  std::uint64_t save_bytes = 0;  // of the file
  double detection_s = 0;
  double evaluation_fixed_s = 0, evaluation_sample_s = 0;  // where it was timed
};

class TrialCandidate {
 public:
  // `config`: all but `settings` is taken from it. All ranks construct it. One batch of real samples is shown again and
  // again: every batch of a job has the same shape, and the loader's cost stays out of the step's; until load().
  TrialCandidate(const RunConfig& config, const TrialSettings& settings, const Ranks& ranks,
                 std::shared_ptr<const Dataset> dataset);

  // From now on batches come from a loader as in a run.
  void load();
  // Whether to wait for the device before each batch: the wait for a batch is then the device's and not that of the
  // host, which otherwise runs ahead of it; but such steps take longer than a run's.
  void wait_for_device(bool wait) { wait_for_device_ = wait; }
  // `steps` optimizer steps with this candidate's switches set; seconds of one, the device waited for at both ends. The
  // loss of the last one goes to figures(); the first call is of one step, so that the first loss is known. Throws
  // OutOfMemory, on all ranks alike, where one of them has not enough.
  double step_time_s(std::int64_t steps);
  // What a run keeps in memory beside its steps: an evaluation of one batch a rank, the detection, a save's copies. An
  // evaluation is timed for about `evaluation_s`. All ranks call it.
  RestOfRun touch_rest_of_run(double evaluation_s);
  double make_batch_s();
  // Of the seconds of the last step_time_s(), the share spent waiting for batches.
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
  GuardedStep guarded_step_;  // a run's steps ask the other ranks whether memory sufficed, so these do
  Batch batch_;
  torch::Tensor last_loss_;
  CandidateFigures figures_;
  bool wait_for_device_ = false;
  double waited_s_ = 0, wait_share_ = 0;
  std::unique_ptr<Loader> loader_;  // last: its threads use what stands above
};

}  // namespace tlaunch
