// The launcher's record of a running job, summed up from its events. Pure: it gets events and uses no clock and no
// files.
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
  std::map<int, std::string> failures;  // message of the failure event, by rank
  std::string failure_place;            // place of the first rank that reported a failure: "step 20, save"
  std::int64_t step = 0, epoch = 0, samples = 0;
  // The evaluations and saves that were due up to this step are done: `step`, or less while one is due there.
  std::int64_t evaluated_step = 0, saved_step = 0;
  double loss = 0, samples_per_s = 0;
  bool stopped = false;                     // stopped by a signal, and saved
  std::uint64_t disk_estimate_bytes = 0;    // upper bound of what the run writes
  std::uint64_t checkpoint_peak_bytes = 0;  // of its checkpoints, at the peak
  std::uint64_t peak_bytes = 0;             // largest of any rank; 0: unknown
  std::set<std::string> incomplete_logs;    // log files with missing rows: metrics.csv
  std::map<std::string, double> metrics;    // the latest value of each metric, and train_loss

  void on_event(const StampedEvent& event);
};

}  // namespace tlaunch
