// Which ranks of a group run, how the others ended and in which order, and what is known of each at the moment in which
// the group was told to stop. It reads /proc, for who is on its way out and for the kernel's count of processes that it
// killed for want of memory.
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
  RankRoster();  // just before the ranks are started

  void started(int rank, pid_t pid) { running_[rank] = pid; }
  void gone(int rank) { running_.erase(rank); }
  // The end of a rank, with what the roster knows of it; not kept yet.
  RankEnd not_started(int rank, int error) const;
  RankEnd reaped(int rank, int wait_status) const;
  void add(const RankEnd& end) { ends_.push_back(end); }
  // Those that still run were killed, and nobody can say how they ended.
  void lost();

  // The group is told to stop now. Who is on its way out already, or has told of its failure, dies of its own cause,
  // whatever order the ends are reported in. `told`: the exit code of a failure that a rank has told of by now.
  void told_to_stop(const std::function<std::optional<int>(int rank)>& told);
  // The group is ended because it hangs: nobody that still runs dies of a cause of its own.
  void hung() { stopping_ = true; }

  const std::map<int, pid_t>& running() const { return running_; }  // by rank
  bool some_are_at_work() const;                                    // not on their way out
  const std::vector<RankEnd>& ends() const { return ends_; }        // in the order in which they happened
  bool has_ended(int rank) const;

 private:
  std::map<int, pid_t> running_;
  std::vector<RankEnd> ends_;
  bool stopping_ = false;
  std::set<int> leaving_;                   // on their way out before the group was told to stop
  std::map<int, int> told_exit_codes_;      // of failures that were told of before, by rank
  std::optional<std::uint64_t> oom_kills_;  // when the group started
};

}  // namespace tlaunch
