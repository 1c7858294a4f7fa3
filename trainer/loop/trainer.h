// The training loop: from TrainState to TrainState, a step at a time.
#pragma once

#include <memory>
#include <optional>

#include "config/run_length.h"
#include "data/loader.h"
#include "hardware/gpu/gpu_monitor.h"
#include "trainer/loop/smoke.h"
#include "trainer/ranks/agreed_memory.h"
#include "trainer/report/step_profiler.h"
#include "trainer/state/saver.h"
#include "trainer/state/train_state.h"
#include "trainer/step/guarded_step.h"
#include "worker/rate_meter.h"
#include "worker/recorder.h"
#include "worker/sampler.h"
#include "worker/stop_request.h"

namespace tlaunch {

class Trainer {
 public:
  // `config` has every `auto` filled in. Restores from context.resume_path if it is set. All ranks construct it.
  // `extra_metrics`: the metrics that the data set adds at the end (precision, ...), for the columns of metrics.csv.
  // `expected_samples_per_s`: 0 if it is not known.
  Trainer(const WorkerContext& context, const RunConfig& config, const Ranks& ranks,
          const std::vector<std::string>& extra_metrics, double expected_samples_per_s);

  // Trains to the end of the run and returns true. Returns false if the ranks were asked to stop
  // (worker/stop_request.h): all of them stop after the same step and save. Throws Error: a non-finite loss (exit 1), a
  // save that failed (exit 74), ...
  bool run();

 private:
  void start();  // restores, seeds, reports
  bool finished() const;
  bool past_end() const;          // the run was resumed with an end that it had already passed
  bool stops_early() const;       // evaluations no longer improve
  void train_epoch();             // from the current position to the end of the epoch or run, or until recover() is due
  bool one_step(Loader& loader);  // false: the loader's batches no longer fit what comes next
  void after_step(const torch::Tensor& local_loss, double learning_rate);
  void log_step(const torch::Tensor& local_loss, double learning_rate);
  bool logs_at(std::int64_t step) const;
  void log_gpu();
  void run_evaluation();  // or notes that it is due, if the run is asked to stop
  void end_epoch();
  void tell_phase_times();
  void shorten_epoch();  // smoke test: to the number of steps that fit
  void finish();
  void evaluate_and_save_at_end();
  void save_at_end();
  void run_detection();
  void leave();  // after a request to stop: saves, whatever the retention policy

  // trainer_recovery.cpp
  void recover();  // after an epoch that ended early, while no loader runs
  void step_down(const MemoryShortage& shortage);
  bool copy_for_save(const NamedTensors& tensors);
  // For a shortage between steps. `batch`: the size that is tried next, 0 if the work is not in batches.
  void tell_shortage(const MemoryShortage& shortage, const char* action, std::int64_t batch);
  bool look_for_nan();  // false: the run must roll back
  void roll_back();
  void restore_beginning();
  std::string nan_advice() const;

  OomInjection* injection();
  HalvingBatch::Told teller();
  void seed_generator() const;
  std::int64_t stop_step() const;  // where this session ends
  std::int64_t epoch() const { return position_.step / length_.steps_per_epoch; }
  RunIdentity identity() const;
  bool saves_at(std::int64_t step);
  bool save();  // false: memory did not suffice, so there is no new checkpoint
  std::int64_t saves_left() const;
  std::int64_t detection_sessions() const;
  StartEvent start_facts() const;
  void prepare_saving(StartEvent& facts);

  const WorkerContext& context_;
  RunConfig config_;  // its micro-batch and accumulation follow split_
  const Ranks& ranks_;
  double expected_samples_per_s_;
  std::string weights_note_;  // a note for the user on setup_'s first weights
  TrainingSetup setup_;
  DataIdentity data_;  // of setup_'s
  BatchSplit split_;
  Sampler sampler_;
  RunLength full_;    // of the whole run: learning-rate schedule
  RunLength length_;  // of this session: a smoke test has shorter epochs
  std::optional<SmokePlan> smoke_;
  std::optional<SavedState> saved_;
  TrainStep step_;
  std::optional<OomInjection> injection_;
  GuardedStep guarded_step_;
  HalvingBatch evaluation_batch_, detection_batch_;
  Recorder recorder_;
  Saver saver_;
  Position position_;
  std::int64_t saved_step_ = -1;
  bool stopping_ = false;
  StopAgreement stop_;
  std::optional<StepProfiler> profiler_;
  std::uint64_t run_peak_bytes_ = 0;
  std::optional<MemoryShortage> shortage_;  // for recover()
  bool must_roll_back_ = false;             // for recover()
  GpuMonitor gpu_monitor_;
  RateMeter rate_;
  double last_save_s_ = 0;  // by monotonic_s()
};

}  // namespace tlaunch
