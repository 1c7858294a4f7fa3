// Trials: short measurements by a throw-away group of workers (`tlaunch-worker trial`, all local ranks, real model,
// optimizer, loss and reducer, full steps on one batch). The launcher writes one TrialSpec as a JSON line to the
// standard input of every rank; every rank answers with one `trial` event. Seconds, bytes. Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "config/run_config.h"

namespace tlaunch {

// What a trial may vary. Everything else is the config's.
struct TrialSettings {
  std::int64_t micro_batch = 1, accumulation = 1;
  Precision precision = Precision::fp32;
  bool tf32 = false, cudnn_benchmark = false, channels_last = false;
  std::int64_t threads = 1;  // intra-op, of a rank
  // Where batches come from the loader (TrialSpec::with_loader).
  std::int64_t num_workers = 0, prefetch_factor = 1;
  bool pin_memory = false;
  bool operator==(const TrialSettings&) const = default;
};

struct TrialSpec {
  std::int64_t id = 0;
  // All stand side by side in the process and are timed in turn; memory is only told of one alone.
  std::vector<TrialSettings> candidates;
  // Each round times every candidate once: in order, then in reverse order, and so on (two candidates: ABBA blocks of
  // two rounds). 0: one untimed step, for memory.
  std::int64_t rounds = 0;
  double visit_s = 0;        // a visit takes about so long; at least one step
  double abandon_ratio = 0;  // > 0: ends early once the second candidate needs so many times the first one's time
  bool fresh = false;        // in new processes: what earlier trials left in memory is not counted (the launcher's)
  // Batches come from the job's own loader, as in a run, instead of one that is shown again and again. On CUDA one
  // candidate alone waits for its device before it takes a batch: else the wait were that of the host, which runs
  // ahead.
  bool with_loader = false;
  bool whole_run = false;   // also what else a run keeps in memory: an evaluation batch, the snapshot of a save
  double evaluation_s = 0;  // with whole_run: an evaluation is timed for about so long
  bool operator==(const TrialSpec&) const = default;
};

enum class TrialOutcome { ok, out_of_memory, crashed, hung, interrupted };
const char* to_string(TrialOutcome);  // "ok", "out of memory", ...

struct CandidateFigures {
  std::vector<double> step_times_s;      // one a visit
  std::vector<double> wait_shares;       // with_loader and alone, one a visit: of its time, waiting for batches
  double first_loss = 0, last_loss = 0;  // mean over ranks; may be NaN
  std::int64_t steps = 0;                // all of them, warm-up included
};

// What the worker knows of the job beside the measurement.
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
  std::uint64_t peak_bytes = 0;  // most of any rank: reserved bytes on CUDA, resident set on the CPU
  std::uint64_t idle_bytes = 0;  // of that rank before the candidate was built
  double make_batch_s = 0;       // one micro-batch of the first candidate by one thread
  double log_cost_s = 0;         // one logged step more than one that is not
  double gpu_log_cost_s = 0;     // one reading of the card's figures; 0: there is no card to read
  double save_copy_s = 0;        // whole_run: what a save keeps the steps waiting for: gather and copy its state
  std::uint64_t save_bytes = 0;  // of the file
  double build_s = 0;            // to make the candidates and warm them up, over as many ordinary steps
  // evaluation_s: an evaluation takes fixed + per sample; whole_run: the detection over all sessions.
  double evaluation_fixed_s = 0, evaluation_sample_s = 0, detection_s = 0;
  double worker_s = 0;  // this trial as the worker saw it: its process was there
  JobFacts facts;
  double seconds = 0;  // wall time, a start of the process included
  double start_s = 0;  // what the start of these processes took, in this trial or in an earlier one
};

// Those of a config in which no `auto` is left.
TrialSettings trial_settings_of(const RunConfig& config);
// `config` with these in place of its own; trial_settings_of() of it gives them back.
RunConfig with_trial_settings(RunConfig config, const TrialSettings& settings);

// All these throw DataError where the JSON is none of theirs.
Json to_json(const TrialSettings&);
TrialSettings trial_settings_from_json(const Json&);
Json to_json(const TrialSpec&);
TrialSpec trial_spec_from_json(const Json&);
// One rank's answer; `outcome` and `seconds` are the launcher's and not in it.
Json to_json(const TrialResult&);
TrialResult trial_result_from_json(const Json&);

}  // namespace tlaunch
