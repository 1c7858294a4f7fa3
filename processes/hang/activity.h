// What a process is doing while its group hangs, from two looks at it in /proc. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace tlaunch {

// The text of its files in /proc/PID; "" where one may not be read. All but the processor time in `stat` are of the
// main thread.
struct ProcessLook {
  std::string stat, status, syscall, wait_channel;
  bool uses_gpu = false;
};

struct Activity {
  enum Kind {
    stopped,   // by a signal
    device,    // cannot be interrupted: waits for a disk or a device
    computes,  // uses a core, or is ready to
    sleeps,    // for a time, or for a signal: not for another process
    waits,     // for input, a lock, a child, or by looking for something between short sleeps. So may a process that
               // uses a core and a GPU: that is how CUDA waits for a collective operation
    ended
  };
  Kind kind = waits;
  std::string text;  // "sleeps (clock_nanosleep)"
};

Activity activity_between(const ProcessLook& before, const ProcessLook& after, double seconds);

// Whether the process has a handler for the signal; whether its main thread blocks it.
bool handles(const ProcessLook& look, int signal);
bool blocks(const ProcessLook& look, int signal);

// The ranks for which the others may be waiting: those that are stopped where others are not; else those that do not
// wait where others do. None where no rank stands out.
std::vector<int> likely_causes(const std::map<int, Activity>& ranks);

}  // namespace tlaunch
