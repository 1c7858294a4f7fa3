#include "processes/group/rank_roster.h"

#include <sys/wait.h>

#include <algorithm>
#include <csignal>

#include "hardware/memory.h"
#include "processes/guard/process_tree.h"

namespace tlaunch {

RankRoster::RankRoster() : oom_kills_(oom_kills(system_files())) {}

RankEnd RankRoster::not_started(int rank, int error) const {
  RankEnd end;
  end.rank = rank;
  end.start_error = error;
  end.before_stop = !stopping_;
  return end;
}

RankEnd RankRoster::reaped(int rank, int wait_status) const {
  RankEnd end;
  end.rank = rank;
  end.wait_status = wait_status;
  end.before_stop = !stopping_ || leaving_.contains(rank);
  if (WIFSIGNALED(wait_status) && WTERMSIG(wait_status) == SIGKILL) {
    const auto kills = oom_kills(system_files());
    end.out_of_memory = kills && oom_kills_ && *kills > *oom_kills_;
  }
  if (const auto told = told_exit_codes_.find(rank); told != told_exit_codes_.end()) end.told_exit_code = told->second;
  return end;
}

void RankRoster::lost() {
  for (const auto& [rank, pid] : running_) ends_.push_back({rank, SIGKILL, 0, false, {}});
  running_.clear();
}

void RankRoster::stop_requested(const std::function<std::optional<int>(int rank)>& told) {
  stopping_ = true;
  for (const auto& [rank, pid] : running_) {
    if (is_exiting(pid)) leaving_.insert(rank);
    if (const auto code = told(rank)) told_exit_codes_[rank] = *code;
  }
}

bool RankRoster::some_are_at_work() const {
  return std::any_of(running_.begin(), running_.end(), [](const auto& running) { return !is_exiting(running.second); });
}

bool RankRoster::has_ended(int rank) const {
  return std::any_of(ends_.begin(), ends_.end(), [&](const RankEnd& end) { return end.rank == rank; });
}

}  // namespace tlaunch
