// The process between launcher and workers. It starts the workers, reports their ends to the launcher in the order in
// which they happened, and passes signals on. As child subreaper it inherits every process that a worker leaves behind,
// and it ends only when none is left. Only the launcher holds the other end of the lifeline, a pipe; when the launcher
// ends, even by SIGKILL, the pipe breaks and the guard kills all processes below it. Ctrl-C and other signals of the
// terminal do not reach the guard.
// Between launcher and guard stands one more process, which only does the same if the guard is killed too: any two of
// launcher, guard and this process may be killed at once, and no process stays behind.
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
    not_started,  // value: errno; the ranks after it are not started either
    ended,        // value: wait status
    left_over,    // all ranks ended, but `value` processes that they left behind did not; rank: -1
  };
  Kind kind;
  std::int32_t rank;
  std::int32_t pid;
  std::int32_t value;
};

class Guard {
 public:
  // Forks the guard, which starts one worker per request (index = rank). `first_only` is a descriptor that only the
  // first worker gets (-1: none); the guard then closes it. Only the caller keeps the descriptors in `ours` open, so
  // that closing such a pipe really closes it. The caller must have one thread and should clear the requests.
  Guard(std::vector<SpawnRequest>& requests, int first_only, const std::vector<int>& ours);
  ~Guard();  // kills what is left and waits for it
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;

  // Ready to read when there is a report; end of file when the guard is gone.
  int report_fd() const { return reports_.get(); }
  // Takes the next report. False: there is none now and, if gone() is true, there will be none.
  bool next_report(GuardReport& report);
  bool gone() const { return gone_; }

  // Sends a signal to the running ranks and to the processes that ended ranks left behind. SIGKILL goes to every
  // process below the guard. SIGSTOP stops every process below it, SIGTSTP all except the ranks that also got it from
  // the terminal; SIGCONT continues those that the guard stopped.
  void send(int signal) const;

  // After gone(): whether the guard did its work. False: it was killed, or does not end.
  bool wait();

 private:
  pid_t pid_ = -1;
  Descriptor lifeline_, reports_;
  bool gone_ = false;
};

}  // namespace tlaunch
