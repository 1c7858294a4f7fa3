// How well earlier estimates on this machine held, and the band that follows for the next one. Pure.
#pragma once

#include <string>
#include <vector>

#include "core/estimate.h"
#include "core/json.h"

namespace tlaunch {

// One completed run.
struct Outcome {
  std::string job;                     // which job it was: the same text, the same job
  double estimated_s = 0, actual_s = 0;  // both above 0
};

// The estimate with a band that 10 % and 90 % of the runs ended within: quantiles of actual over estimated, of this job's
// own runs where there are some, else of all of this machine's. Until there are many, they are mixed with what is expected
// of a machine nothing is known of (0.93 to 1.15). Where the same job has run, its median ratio corrects `likely` too.
TimeEstimate calibrated(TimeEstimate estimate, const std::vector<Outcome>& history, const std::string& job);

Json to_json(const Outcome& outcome);
// Nothing where a line is none of ours.
std::vector<Outcome> outcomes_from_lines(const std::string& text);

}  // namespace tlaunch
