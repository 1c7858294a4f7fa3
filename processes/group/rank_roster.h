// Which ranks of a group run, how the others ended and in which order, and what was known about each when the group was
// asked to stop. It reads /proc to see which ranks are exiting, and for the kernel's count of out-of-memory kills.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "processes/group/failure.h"

namespace tlaunch {

class RankRoster {
 public:
  RankRoster();  // construct it just before the ranks are started

  void started(int rank, pid_t pid) { running_[rank] = pid; }
  void gone(int rank) { running_.erase(rank); }
  // The end of a rank, with what the roster knows about it; add() stores it.
  RankEnd not_started(int rank, int error) const;
  RankEnd reaped(int rank, int wait_status) const;
  void add(const RankEnd& end) { ends_.push_back(end); }
  // The ranks that still run were killed, and nobody knows how they ended.
  void lost();

  // The group is asked to stop now. A rank that is already exiting, or has reported its failure, ends for its own
  // cause, in whatever order the ends are reported. `told`: the exit code of a failure that a rank has reported by now.
  void stop_requested(const std::function<std::optional<int>(int rank)>& told);
  // The group is ended because it hangs: no rank that still runs ends for its own cause.
  void hung() { stopping_ = true; }

  const std::map<int, pid_t>& running() const { return running_; }  // by rank
  bool some_are_at_work() const;                                    // not exiting
  const std::vector<RankEnd>& ends() const { return ends_; }        // in the order in which they happened
  bool has_ended(int rank) const;

 private:
  std::map<int, pid_t> running_;
  std::vector<RankEnd> ends_;
  bool stopping_ = false;
  std::set<int> leaving_;                   // exiting before the group was asked to stop
  std::map<int, int> told_exit_codes_;      // of failures that were reported before, by rank
  std::optional<std::uint64_t> oom_kills_;  // when the group started
};

}  // namespace tlaunch
