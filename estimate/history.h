// How well earlier estimates on this machine held, and what follows for the next one. Pure. Seconds.
//
// A rehearsal looks at a second or two of a machine that others may use. If the same job has run before, two things are
// known of each part of a run: what the rehearsal says, corrected by how far it was off before, and what the part took
// before. Each is an estimate of the logarithm of the part's time, with the variance that it has shown; the two are
// averaged with weights of 1 / variance, which is the best mean of independent measurements.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "estimate/time_estimate.h"

namespace tlaunch {

// What the rehearsal said of a part of a run, and what it took. `units`: how much work it was (amounts_of() in work.h).
struct PartOutcome {
  double rehearsed_s = 0, actual_s = 0, units = 0;  // all above 0
};

// One run: a completed one, or what was done of one that was stopped.
struct RunOutcome {
  std::string job;  // which job it was: the same text, the same job
  // The estimate that the run was given, and what it took, both without tuning; 0: it was stopped.
  double estimated_s = 0, actual_s = 0;
  std::map<std::string, PartOutcome> parts;
};

// All runs of this machine that are known, the oldest first.
using RunHistory = std::vector<RunOutcome>;

// What the history says of a rehearsal's estimate.
struct Calibration {
  struct Part {
    double factor = 1;  // actual time / rehearsed time
    double spread = 0;  // standard deviation of the logarithm of the part's time
  };
  std::map<std::string, Part> parts;
  double low = 1, high = 1;  // 10th and 90th percentile of a run's actual time / estimated time, both of the whole
};

// For `job`, whose rehearsal says `rehearsed`; `amounts`: the work of its parts (amounts_of()). low and high come from
// this job's own runs if there are any, else from all of this machine's, mixed with a prior (0.93 to 1.15) until there
// are many.
Calibration calibration_from(const TimeEstimate& rehearsed, const std::map<std::string, double>& amounts,
                             const RunHistory& history, const std::string& job);

// The rehearsal's estimate (likely_s above 0) as the history corrects it.
TimeEstimate calibrate(const TimeEstimate& rehearsed, const Calibration& calibration);

Json to_json(const RunOutcome& outcome);
// Lines that to_json() did not write are left out.
RunHistory history_from_lines(const std::string& text);

}  // namespace tlaunch
