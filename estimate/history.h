// How well earlier estimates on this machine held, and what follows for the next one. Pure. Seconds.
//
// A rehearsal looks at a second or two of a machine that others may use. Where the same job has run before, two things
// are known of each part of a run: what the rehearsal says, put right by how far it was off before, and what the part
// took before. Both are expectations of the logarithm of its time, each with the spread it has shown; they are averaged
// with weights of one over its square, as independent measurements are.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/json.h"
#include "estimate/time_estimate.h"

namespace tlaunch {

// What the rehearsal said of a part of a run, and what it took. `units`: of its work (steps, evaluations, saves; 1 of a
// start).
struct PartOutcome {
  double rehearsed_s = 0, actual_s = 0, units = 0;  // all above 0
};

// One run: a completed one, or what was done of one that was stopped.
struct Outcome {
  std::string job;                  // which job it was: the same text, the same job
  double told_s = 0, actual_s = 0;  // the estimate it was given, and what it took, tuning left out; 0: it was stopped
  std::map<std::string, PartOutcome> parts;
};

// What a forecast out of a rehearsal is to be multiplied by.
struct Calibration {
  struct Part {
    double factor = 1;
    double spread = 0;  // standard deviation of the logarithm of what the part takes
  };
  std::map<std::string, Part> parts;
  double low = 1, high = 1;  // of the likely whole: what 10 % and 90 % of runs end within
};

// For `job`, whose rehearsal says `rehearsed`; `units`: the work of its parts. low and high are quantiles of actual
// over told of this job's own runs where there are some, else of all of this machine's, mixed with what is expected of
// a machine nothing is known of (0.93 to 1.15) until there are many.
Calibration calibration_of(const TimeEstimate& rehearsed, const std::map<std::string, double>& units,
                           const std::vector<Outcome>& history, const std::string& job);

TimeEstimate calibrated(TimeEstimate rehearsed, const Calibration& calibration);

Json to_json(const Outcome& outcome);
// Nothing where a line is none of ours.
std::vector<Outcome> outcomes_from_lines(const std::string& text);

}  // namespace tlaunch
