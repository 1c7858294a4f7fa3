// A device that is only arithmetic. Memory is a line in the batch, time is an overhead and a time per sample, and the
// clock moves by the time that a trial would have taken. Trials fail if memory is short, if a mode does not work, or by
// script. The device times and abandons candidates as the real trial worker does. Noise is seeded, so the same device
// gives the same answers.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "tuning/tuner.h"

namespace tlaunch::test {

struct DeviceModel {
  // Memory of one rank, bytes. A step at batch b in a mode needs fixed + per_sample(mode) x b; whole_run adds snapshot.
  double idle = 0.1e9, fixed = 0.5e9, per_sample = 4e6, snapshot = 0.2e9;
  double half_memory = 0.6;  // of per_sample, in 16 bits
  double capacity = 8e9;     // more than this is out of memory
  std::function<double(std::int64_t batch)> beside_the_line = [](std::int64_t) { return 0.0; };
  // Time of one step of one rank, s.
  double update_s = 0.004, overhead_s = 0.002, per_sample_s = 0.0002;
  std::map<Precision, double> precision_time;                                         // of float32's; absent: 1
  double channels_last_time = 1, cudnn_benchmark_time = 1, tf32_time = 1;             // if it is on
  std::function<double(std::int64_t batch)> pace = [](std::int64_t) { return 1.0; };  // times per_sample_s
  double noise = 0.01, drift = 0.02, drift_period_s = 7;                              // share of a step time
  double start_s = 1, trial_s = 0.02, hang_s = 30;  // of a process; of a trial beside its steps; of a trial that hangs
  double whole_run_s = 0;                           // added by whole_run
  double make_batch_s_per_sample = 20e-6, log_cost_s = 100e-6, gpu_log_cost_s = 0, save_copy_s = 0.01;
  std::uint64_t save_bytes = 100'000'000;
  // Beside a loader at work: the factor on a step's time of a number of threads, and of pageable memory on a GPU; and
  // the share of a step that is lost to uneven batches if `ahead` batches are ready.
  std::function<double(std::int64_t threads)> threads_time = [](std::int64_t) { return 1.0; };
  double pageable_time = 1;
  std::function<double(std::int64_t ahead)> uneven_wait = [](std::int64_t) { return 0.0; };
  // The loss after `steps`.
  std::function<double(const TrialSettings&, std::int64_t steps)> loss = [](const TrialSettings&, std::int64_t steps) {
    return 2.0 / (1 + 0.1 * static_cast<double>(steps));
  };
  // How settings fail, whatever the memory.
  std::function<std::optional<TrialOutcome>(const TrialSettings&)> broken = [](const TrialSettings&) {
    return std::nullopt;
  };
  std::map<int, TrialOutcome> script;  // the outcome by number of the trial, from 1
  JobFacts facts{50'000, 10'000, 1'000'000, false};
  unsigned seed = 1;

  double peak(const TrialSettings& settings, bool whole_run) const;
  double step_s(const TrialSettings& settings) const;         // without noise
  double samples_per_s(const TrialSettings& settings) const;  // of one rank
};

class SimulatedDevice : public TrialRunner {
 public:
  explicit SimulatedDevice(DeviceModel model) : model_(std::move(model)), random_(model_.seed) {}
  TrialResult run(const TrialSpec& spec) override;
  double elapsed_s() const override { return clock_s_; }

 private:
  std::optional<TrialOutcome> failure_of(const TrialSpec& spec);
  void time_candidates(const TrialSpec& spec, TrialResult& result);
  double visit(const TrialSettings& settings, std::int64_t steps, CandidateFigures& figures);
  double wait_s(const TrialSettings& settings, double step_s) const;

  DeviceModel model_;
  std::mt19937 random_;
  double clock_s_ = 0;
  int trials_ = 0;
  bool alive_ = false, loading_ = false;
  double wait_share_ = 0;  // of the last visit
};

// One thing that tune() did: a trial, or a prediction if there is no result.
struct Happened {
  std::optional<TrialResult> result;
  TrialSpec spec;  // of a trial
  std::string why;
  double began_s = 0, ended_s = 0;
  std::int64_t predicted_batch = 0;  // of a prediction
  std::uint64_t predicted_bytes = 0;
};

// A job with all inputs of tune(), and a record of what tune() did.
struct SimulatedJob {
  SimulatedJob();                               // two CPU ranks on images, bf16 in the CPU, effective batch 256
  TuneOutcome tune(const DeviceModel& device);  // may throw, as tlaunch::tune does
  Plan prior() const;
  Json value(const TuneOutcome& outcome, const std::string& key) const;
  const Choice& choice(const TuneOutcome& outcome, const std::string& key) const;
  TrialSettings settings(const TuneOutcome& outcome) const;
  int count(TrialOutcome outcome) const;

  RunConfig config;
  HardwareProfile hardware;
  JobShape shape;
  std::uint64_t budget_bytes = 6'000'000'000;
  std::optional<double> budget_s;
  bool thorough = true;
  std::map<std::string, Json> other_prior;  // values in place of the table's
  std::vector<Happened> happened;
};

GpuInfo simulated_gpu(const std::string& name, double memory_gb, int major, int minor);

}  // namespace tlaunch::test
