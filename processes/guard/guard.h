// The process between launcher and workers. It starts the workers, tells the launcher of each end in the order in which
// they happened, and passes signals on. As child subreaper it inherits every process that a worker leaves behind, and
// it ends only when none is left. The lifeline, a pipe whose other end the launcher alone holds, breaks with the
// launcher, be it by SIGKILL: the guard then kills all below it. Ctrl-C and signals from the terminal pass it by.
// Between launcher and guard stands one more process that does nothing but the same where the guard is killed as well:
// of launcher, guard and this one any two may be killed at once, and nothing stays behind.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "base/descriptor.h"
#include "processes/guard/spawn.h"

namespace tlaunch {

struct GuardReport {
  enum Kind : std::int32_t {
    started,      // value: 0
    not_started,  // value: errno; the ranks after it are not tried
    ended,        // value: wait status
    left_over,    // all ranks ended, value processes that they left behind did not; rank: -1
  };
  Kind kind;
  std::int32_t rank;
  std::int32_t pid;
  std::int32_t value;
};

class Guard {
 public:
  // Forks the guard, which starts one worker a request (index = rank). `first_only` is a descriptor that only the first
  // worker gets, -1: none: the guard closes it after that. `ours` stay with the caller alone, so that a pipe that the
  // caller closes is closed. The caller must have one thread and should clear the requests.
  Guard(std::vector<SpawnRequest>& requests, int first_only, const std::vector<int>& ours);
  ~Guard();  // kills what is left and waits for it
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;

  // Ready to read when a report is there; end of file when the guard is gone.
  int report_fd() const { return reports_.get(); }
  // The next report that is there now. False: none now, or, with gone() true, none any more.
  bool next_report(GuardReport& report);
  bool gone() const { return gone_; }

  // To the ranks that still run and to what ended ones left behind. SIGKILL: to every process below the guard. SIGSTOP
  // stops every process below it, SIGTSTP all but the ranks that got it from the terminal as well; SIGCONT lets those
  // that it stopped go on.
  void send(int signal) const;

  // After gone(): whether the guard did its work. False: it was killed itself, or does not end.
  bool wait();

 private:
  pid_t pid_ = -1;
  Descriptor lifeline_, reports_;
  bool gone_ = false;
};

}  // namespace tlaunch
