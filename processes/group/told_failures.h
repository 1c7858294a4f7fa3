// The failures that ranks have reported, by an event or in their error file (error_file.h).
#pragma once

#include <optional>
#include <vector>

#include "processes/group/diagnosis.h"

namespace tlaunch {

class ToldFailures {
 public:
  void on_event(int rank, const FailureEvent& failure);  // the first one of each rank counts

  const std::vector<ToldFailure>& by_event() const { return told_; }  // in the order in which they were reported
  // The exit code that the rank reported it would exit with; empty if it has reported no failure by now.
  std::optional<int> exit_code(int rank, const WorkerSpec& worker) const;

 private:
  const ToldFailure* of(int rank) const;

  std::vector<ToldFailure> told_;
};

}  // namespace tlaunch
