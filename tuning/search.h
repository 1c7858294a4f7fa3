// The steps of tune(), in the order in which they are called, and what they know of each other. Only tuner.cpp uses it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tuning/search/alternatives.h"
#include "tuning/search/batch_candidates.h"
#include "tuning/search/memory_line.h"
#include "tuning/search/paired_test.h"
#include "tuning/tuner.h"

namespace tlaunch {

constexpr double least_rehearsal_s = 0.5;
constexpr double rehearsal_cost = 1.25;  // times its length: with the evaluation that is timed beside it

class Search {
 public:
  Search(const TuneInput& input, TrialRunner& runner, const TuneCallbacks& callbacks);

  // Peak memory at two small batches, and the line through them.
  void measure_line();
  // The same, a prediction for the prior's batch, and the pace there.
  void measure_memory();
  const std::optional<MemoryLine>& line() const { return line_; }
  const JobFacts& facts() const { return facts_; }
  // On the CPU, beside the table's loader: before all else that is timed, which depends on it.
  void choose_threads();
  // Precision, layout, kernels: each alternative against the settings in hand, in pairs; Holm over all of them.
  void choose_switches();
  // Whole optimizer steps over the batches that fit; the smallest within 3 % of the best.
  void choose_batch();
  // Loader threads, as many as the step needs by the time a batch takes; then the step's wait for them is measured, and
  // more are tried where it is long. Beside that loader, on a GPU: page-locked memory.
  void choose_loading();
  // The plan once more, with all that a run keeps in memory; stepped down until it holds. The same trial rehearses the
  // run, as long as there is time for: what its estimate is made of.
  void verify();
  // From what was measured on the way: how long a logged step and a reading of the card's figures take.
  void choose_log_intervals();
  // Where the config leaves that open: from what a save was seen to cost.
  void choose_save_interval();
  TuneOutcome outcome();

 private:
  struct Pair {
    Alternative alternative;
    PairedResult result;
    std::int64_t micro_batch = 1;  // it was measured at
    double loss_ratio = 1;         // the alternative's over ours, after equal steps on the same batch
    bool vetoed = false, abandoned = false;
    std::string failure;  // "" where it ran
  };

  // How the loader keeps up with the step.
  struct Feed {
    double wait_share = 0, step_time_s = 0;  // of the time, waiting; of an optimizer step
    std::uint64_t peak_bytes = 0;
  };

  TrialResult measure(TrialSpec spec, const std::string& why);
  void measure_line_from(std::int64_t small);
  void measure_plain_line();
  std::optional<MemoryPoint> measure_peak(const TrialSettings& settings, bool whole_run, const std::string& why);
  std::optional<MemoryPoint> take_peak(std::int64_t micro_batch, const TrialResult& result);
  std::int64_t largest_that_fits() const;
  bool line_is_of_now() const;
  void predict(std::int64_t micro_batch);
  bool over(double cost_s);                // no time is left for it, and for the check that ends it all
  bool gone() const;                       // nor for measuring memory any better than the check of the chosen batch
  bool worth(double gain, double cost_s);  // of a run of this length
  double run_s(double samples_per_s) const;
  double time_budget_s() const;
  double wanted_rehearsal_s() const;
  double last_check_s(bool fresh) const;  // what the check takes, in new processes or in those that are there
  void look_at_the_clock();               // after the first trials: is there time for more than the check?
  double step_time_s(std::int64_t micro_batch) const;  // of now_'s mode, from that of its own batch
  std::int64_t pair_batch() const;
  double pair_cost_s(std::int64_t batch) const;
  Pair measure_pair(const Alternative& alternative, bool with_loader = false);
  std::vector<Pair> measure_pairs(const std::vector<Alternative>& offered, bool with_loader = false);
  void settle(const std::vector<Pair>& pairs);  // the winner is adopted, the losers are told
  std::vector<bool> won(const std::vector<Pair>& pairs) const;
  void adopt(const Pair& pair);
  void turn_down(const Pair& pair, bool another_lost);
  void try_on_top(const Pair& winner, const std::string& adopted_key);
  void reckon_workers();
  std::optional<Feed> measure_feed(bool whole_run);
  bool feed_more();  // to the loader of now_; false: there is no more to give
  void choose_feed();
  void choose_interval(const std::string& key, double cost_s, const std::string& what);
  std::vector<BatchSplit> candidates(bool memory_forces) const;
  bool effective_is_open() const;             // each micro-batch has an effective batch of its own
  std::int64_t effective_batch() const;       // of the split in hand
  void bound_by_samples(bool memory_forces);  // the open effective batch, once their number is known
  std::vector<BatchSplit> ladder() const;
  std::vector<BatchPace> measure_ladder(std::vector<BatchSplit> splits);
  std::vector<BatchPace> extended_downwards(std::vector<BatchPace> paces);
  double ladder_cost_s(const std::vector<BatchSplit>& splits) const;
  void take(const BatchSplit& split, const std::string& reason, Json evidence);  // now, and in the plan
  void take_for_memory(BatchSplit split);
  bool take_what_fits(std::int64_t most);  // the largest candidate within `most`; false: there is none
  void measure_halfway();
  // The line of now_'s mode. Where nothing fits that mode is given up, and memory fails from `failed_before` on again.
  void measure_new_mode(std::int64_t failed_before);
  bool check_chosen();  // one trial; true: it holds, or tuning was interrupted
  void give_up_mode(const TrialSettings& earlier);
  void fall_back();
  [[noreturn]] void refuse() const;  // no micro-batch fits
  std::string why_not_measured() const;
  void set(const std::string& key, const Json& value, const std::string& reason, Json evidence);
  void keep(const std::string& key, const std::string& why);  // the prior's value stays
  bool open(const std::string& key) const;

  const TuneInput& input_;
  TrialRunner& runner_;
  const TuneCallbacks& callbacks_;
  TuneOutcome outcome_;
  TrialSettings now_;  // the settings in hand; accumulation of its own
  BatchSplit prior_;
  std::vector<BatchSplit> candidates_;  // ascending
  std::vector<MemoryPoint> points_;     // of now_'s mode
  std::optional<MemoryLine> line_;
  TrialSettings line_of_;          // the mode it was measured in
  std::int64_t failed_batch_ = 0;  // from this one on memory does not do; 0: none
  JobFacts facts_;
  TrialResult last_;
  double step_time_s_ = 0;  // one micro-step of now_ with its update
  double make_batch_s_ = 0, log_cost_s_ = 0, gpu_log_cost_s_ = 0, save_copy_s_ = 0;
  std::uint64_t save_bytes_ = 0;
  double start_s_ = 0;                    // what processes take to start
  double trial_s_ = 0, whole_run_s_ = 0;  // beside that: the cheapest trial, and the dearest with all that a run keeps
  std::int64_t next_id_ = 1;
  struct StepSeen {
    std::int64_t micro_batch = 0;
    double seconds = 0;
  } step_seen_;                 // of the trial before, in the search's beginning
  double step_reckoned_s_ = 0;  // from two of those, of the batch in hand; 0: not known
  bool alive_ = false;          // the processes of the trial before are there
  bool hurried_ = false;        // too short a run for more than the check
  bool too_large_ = false;      // the check has failed: what memory needs is measured whatever it takes
  bool fresh_next_ = false;     // the next trial starts in new processes
};

}  // namespace tlaunch
