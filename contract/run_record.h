// What the launcher knows of a running job: its events, boiled down. Pure: fed with events, no clock, no files.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "contract/event_codec.h"

namespace tlaunch {

struct RunRecord {
  std::optional<StartEvent> start;
  std::optional<EndEvent> end;
  std::map<int, std::string> failures;  // by rank: what its failure event said
  std::string failure_place;            // where a rank was that told of a failure, the first to do so: "step 20, save"
  std::int64_t step = 0, epoch = 0, samples = 0;
  std::int64_t evaluated_step = 0,
               saved_step = 0;  // what was due up to here is done; step, or before it while it is due
  double loss = 0, samples_per_s = 0;
  bool stopped = false;                     // told to, and saved
  std::uint64_t disk_estimate_bytes = 0;    // most that the run takes
  std::uint64_t checkpoint_peak_bytes = 0;  // that its checkpoints took
  std::uint64_t peak_bytes = 0;             // of the rank that needed most; 0: not told
  std::set<std::string> incomplete_logs;    // what a worker could not write whole: metrics.csv
  std::map<std::string, double> metrics;    // the newest figure of each: evaluations' and train_loss

  void on_event(const StampedEvent& event);
};

}  // namespace tlaunch
