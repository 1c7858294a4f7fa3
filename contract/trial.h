// Trials: short measurements by a temporary group of workers (`tlaunch-worker trial`: all local ranks, the real model,
// optimizer, loss and reducer, full steps on one batch). The launcher writes one TrialSpec as a JSON line to the
// standard input of every rank, and every rank answers with one `trial` event. Seconds, bytes. Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "config/run_config.h"

namespace tlaunch {

// The settings that a trial may vary. All others come from the config.
struct TrialSettings {
  std::int64_t micro_batch = 1, accumulation = 1;
  Precision precision = Precision::fp32;
  bool tf32 = false, cudnn_benchmark = false, channels_last = false;
  std::int64_t threads = 1;  // intra-op threads per rank
  // Used if batches come from the loader (TrialSpec::with_loader).
  std::int64_t num_workers = 0, prefetch_factor = 1;
  bool pin_memory = false;
  bool operator==(const TrialSettings&) const = default;
};

struct TrialSpec {
  std::int64_t id = 0;
  // All are built in one process and timed in turn. Memory is only reported for a single candidate.
  std::vector<TrialSettings> candidates;
  // Each round times every candidate once: in order, then in reverse order, and so on (two candidates: ABBA blocks of
  // two rounds). 0: one untimed step, for memory.
  std::int64_t rounds = 0;
  double visit_s = 0;        // approximate length of a visit; at least one step
  double abandon_ratio = 0;  // > 0: end early if the second candidate is slower than the first by this factor
  bool fresh = false;        // start new processes, to leave out memory of earlier trials (for the launcher)
  // Batches come from the job's loader, as in a run, instead of one batch that is reused. On CUDA a single candidate
  // waits for its device before it takes a batch; otherwise the wait of the host, which runs ahead, would be measured.
  bool with_loader = false;
  bool whole_run = false;   // also hold in memory what a run holds: an evaluation batch, the copy of a save
  double evaluation_s = 0;  // with whole_run: approximate time for measuring an evaluation
  bool operator==(const TrialSpec&) const = default;
};

enum class TrialOutcome { ok, out_of_memory, crashed, hung, interrupted };
const char* to_string(TrialOutcome);  // "ok", "out of memory", ...

struct CandidateFigures {
  std::vector<double> step_times_s;  // one per visit
  std::vector<double> wait_shares;   // with_loader and a single candidate, per visit: share of time waiting for batches
  double first_loss = 0, last_loss = 0;  // mean over ranks; may be NaN
  std::int64_t steps = 0;                // including warm-up
};

// Facts of the job that the worker reports with the measurement.
struct JobFacts {
  std::int64_t train_samples = 0, val_samples = 0, parameters = 0;
  bool batch_norm = false;
};

struct TrialResult {
  std::int64_t id = 0;
  TrialOutcome outcome = TrialOutcome::ok;
  std::string message;  // of a failure, one line
  std::vector<CandidateFigures> candidates;
  bool abandoned = false;
  std::uint64_t peak_bytes = 0;  // largest of any rank: reserved bytes on CUDA, resident set on the CPU
  std::uint64_t idle_bytes = 0;  // of the same rank, before the candidate was built
  double make_batch_s = 0;       // for one micro-batch of the first candidate, in one thread
  double log_cost_s = 0;         // additional time of a logged step
  double gpu_log_cost_s = 0;     // one reading of the GPU's figures; 0: no GPU
  double save_copy_s = 0;        // whole_run: time that a save stops the steps, to gather and copy the state
  std::uint64_t save_bytes = 0;  // of the file
  double build_s = 0;            // time to build the candidates and warm them up, less that of as many ordinary steps
  // evaluation_s: fixed time of an evaluation, and its time per sample; whole_run: the detection over all sessions.
  double evaluation_fixed_s = 0, evaluation_sample_s = 0, detection_s = 0;
  double worker_s = 0;  // duration in the worker, without the start of its process
  JobFacts facts;
  double seconds = 0;  // wall time, including a start of the processes
  double start_s = 0;  // time to start these processes, in this trial or an earlier one
};

// The settings of a config in which none of them is `auto`.
TrialSettings trial_settings_of(const RunConfig& config);
// Returns `config` with these settings. trial_settings_of() is the inverse.
RunConfig with_trial_settings(RunConfig config, const TrialSettings& settings);

// The _from_json functions throw DataError if the JSON has another form.
Json to_json(const TrialSettings&);
TrialSettings trial_settings_from_json(const Json&);
Json to_json(const TrialSpec&);
TrialSpec trial_spec_from_json(const Json&);
// One rank's answer. `outcome` and `seconds` are not in it: the launcher adds them.
Json to_json(const TrialResult&);
TrialResult trial_result_from_json(const Json&);

}  // namespace tlaunch
