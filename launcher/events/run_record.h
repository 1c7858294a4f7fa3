// What the launcher knows of a running job: its events, boiled down. Pure: fed with events, no clock, no files.
// An event that lacks a field or has one of another type leaves the figure as it was: a worker of a user's own may say
// less.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "core/json.h"
#include "tuning/eta.h"

namespace tlaunch {

// The `start` event.
struct StartFacts {
  std::string device;
  std::int64_t train_samples = 0, val_samples = 0, effective_batch_size = 0, parameters = 0;
  std::int64_t steps_per_epoch = 0, total_steps = 0, start_step = 0;
  std::int64_t steps_per_evaluation = 0, steps_per_checkpoint = 0;  // 0: unknown
  bool evaluation_due = false;          // the run that was stopped has left one, at start_step
  std::int64_t detection_sessions = 0;  // that the detection at the end looks at; 0: there is none
};

// The `end` event.
struct EndFacts {
  std::int64_t steps = 0, epochs = 0, samples = 0;
  double steady_samples_per_s = 0;
  bool stopped_early = false;
};

struct RunRecord {
  std::optional<StartFacts> start;
  std::optional<EndFacts> end;
  std::map<int, std::string> failures;  // by rank: what its failure event said
  std::string failure_place;            // where a rank was that told of a failure, the first to do so: "step 20, save"
  std::int64_t step = 0, epoch = 0, samples = 0;
  std::int64_t evaluated_step = 0, saved_step = 0;  // what was due up to here is done; step, or before it while it is due
  double loss = 0, samples_per_s = 0;
  bool stopped = false;                 // told to, and saved
  std::uint64_t disk_estimate_bytes = 0;    // most that the run takes
  std::uint64_t checkpoint_peak_bytes = 0;  // that its checkpoints took
  std::uint64_t peak_bytes = 0;         // of the rank that needed most; 0: not told
  std::set<std::string> incomplete_logs;  // what a worker could not write whole: metrics.csv
  std::map<std::string, double> metrics;  // the newest figure of each: evaluations' and train_loss

  void on_event(const Json& event);
};

// What is left after `step` steps and all that was due by then; evaluations and savings include the ones at the very
// end.
RemainingWork remaining_work(const StartFacts& start, std::int64_t step);
// The same as the events tell: an evaluation or save that is due, or under way, is still to come. Needs `start`.
RemainingWork remaining_work(const RunRecord& record);

}  // namespace tlaunch
