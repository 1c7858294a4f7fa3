// Corrects estimates by how well earlier estimates on this machine held. Pure. Seconds.
//
// A rehearsal measures one or two seconds of a machine that others may use too. If the same job has run before, each
// part of a run has two estimates: the rehearsal's time, corrected by its earlier errors, and the time that the part
// took before. Both estimate the logarithm of the part's time, with the variance of their earlier errors. Their mean is
// weighted by 1 / variance, which is the best mean of independent measurements.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "estimate/time_estimate.h"

namespace tlaunch {

// A part's time in the rehearsal and in the run. `units`: the amount of work (amounts_of() in work.h).
struct PartOutcome {
  double rehearsed_s = 0, actual_s = 0, units = 0;  // all above 0
};

// One run: a completed one, or the finished steps of a stopped one.
struct RunOutcome {
  std::string job;  // identifies the job: equal text means the same job
  // The estimated and the actual time of the run, both without tuning; 0: it was stopped.
  double estimated_s = 0, actual_s = 0;
  std::map<std::string, PartOutcome> parts;
};

// All known runs of this machine, oldest first.
using RunHistory = std::vector<RunOutcome>;

// The correction of a rehearsal's estimate by the history.
struct Calibration {
  struct Part {
    double factor = 1;  // actual time / rehearsed time
    double spread = 0;  // standard deviation of the logarithm of the part's time
  };
  std::map<std::string, Part> parts;
  double low = 1, high = 1;  // 10th and 90th percentile of actual / estimated time of whole runs
};

// For `job` with the rehearsal's estimate `rehearsed`; `amounts`: the work of its parts (amounts_of()). low and high
// come from this job's own runs if there are any, else from all runs of this machine, mixed with a prior (0.93 to 1.15)
// that counts less the more runs there are.
Calibration calibration_from(const TimeEstimate& rehearsed, const std::map<std::string, double>& amounts,
                             const RunHistory& history, const std::string& job);

// The rehearsal's estimate (likely_s above 0), corrected.
TimeEstimate calibrate(const TimeEstimate& rehearsed, const Calibration& calibration);

Json to_json(const RunOutcome& outcome);
// Ignores lines that to_json() did not write.
RunHistory history_from_lines(const std::string& text);

}  // namespace tlaunch
