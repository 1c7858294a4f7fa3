#include "processes/group/told_failures.h"

#include <algorithm>

#include "base/error.h"
#include "processes/group/error_file.h"

namespace tlaunch {

void ToldFailures::on_event(int rank, const FailureEvent& failure) {
  if (rank < 0 || of(rank)) return;
  const bool possible = failure.exit_code > 0 && failure.exit_code < 256;
  told_.push_back({rank, possible ? static_cast<int>(failure.exit_code) : tlaunch::exit_code::failure});
}

std::optional<int> ToldFailures::exit_code(int rank, const WorkerSpec& worker) const {
  if (const ToldFailure* told = of(rank)) return told->exit_code;
  if (error_time_ns(worker.error_path)) return tlaunch::exit_code::failure;
  return std::nullopt;
}

const ToldFailure* ToldFailures::of(int rank) const {
  const auto found =
      std::find_if(told_.begin(), told_.end(), [&](const ToldFailure& told) { return told.rank == rank; });
  return found == told_.end() ? nullptr : &*found;
}

}  // namespace tlaunch
