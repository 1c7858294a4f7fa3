// Where trials are made: the runner, with a record of the trials so far. The stages of tune() share one lab. It never
// holds a choice: stages pass those on as values.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tuning/search/trial_runner.h"
#include "tuning/search/tune_input.h"

namespace tlaunch {

// Micro-batches of one optimizer step that a trial times at most: what the update costs is spread over enough by then.
constexpr std::int64_t most_accumulation = 4;

// What trials report besides the figures they were made for. Seconds, bytes; 0: not known.
struct SideFigures {
  JobFacts facts;
  double make_batch_s = 0;                    // one sample by one thread of the loader
  double log_cost_s = 0, gpu_log_cost_s = 0;  // as in TrialResult
  double save_copy_s = 0;                     // as in TrialResult
  std::uint64_t save_bytes = 0;               // of a checkpoint
  double start_s = 0;                         // what processes take to start
  double trial_s = 0,
         whole_run_s = 0;  // without the start: the shortest trial, and the longest whole_run without evaluation
};

class Lab {
 public:
  // All three must outlive the lab.
  Lab(const TuneInput& input, TrialRunner& runner, const TuneCallbacks& callbacks);

  const TuneInput& input() const { return input_; }
  bool open(const std::string& key) const;  // tuning may choose the value of this key
  bool effective_batch_is_open() const;     // then each micro-batch has an effective batch of its own
  bool within_memory(std::uint64_t peak_bytes) const;

  TrialResult measure(TrialSpec spec, const std::string& why);
  void use_new_processes() { fresh_next_ = true; }  // for the next trial
  // Reports the predicted peak of a batch, before the batch is tried.
  void announce(std::int64_t micro_batch, std::uint64_t peak_bytes) const;
  void note(std::string line) { notes_.push_back(std::move(line)); }
  // Something was not measured for lack of time.
  void leave_unfinished() { unfinished_ = true; }

  double elapsed_s() const { return runner_.elapsed_s(); }
  int trials() const { return trials_; }
  bool interrupted() const { return interrupted_; }
  bool unfinished() const { return unfinished_; }
  const SideFigures& side_figures() const { return side_figures_; }
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  void record(const TrialSpec& spec, const TrialResult& result, bool started);

  const TuneInput& input_;
  TrialRunner& runner_;
  const TuneCallbacks& callbacks_;
  SideFigures side_figures_;
  std::vector<std::string> notes_;
  int trials_ = 0;
  bool interrupted_ = false, unfinished_ = false;
  bool alive_ = false;       // the processes of the last trial are still running
  bool fresh_next_ = false;  // the next trial starts in new processes
};

}  // namespace tlaunch
