// What a process is doing while its group hangs, from two looks at it in /proc. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace tlaunch {

// The text of a process's files in /proc/PID; "" for a file that cannot be read. They describe the main thread, except
// the processor time in `stat`, which is of all threads.
struct ProcessLook {
  std::string stat, status, syscall, wait_channel;
  bool uses_gpu = false;
};

struct Activity {
  enum Kind {
    stopped,   // by a signal
    device,    // cannot be interrupted: waits for a disk or a device
    computes,  // uses a core, or is ready to
    sleeps,    // for a time or for a signal, not for another process
    waits,     // for input, a lock or a child, or by polling between short sleeps. A process that uses a core and a GPU
               // may wait too: that is how CUDA waits for a collective operation
    ended
  };
  Kind kind = waits;
  std::string text;  // "sleeps (clock_nanosleep)"
};

Activity activity_between(const ProcessLook& before, const ProcessLook& after, double seconds);

// Whether the process has a handler for the signal; whether its main thread blocks it.
bool handles(const ProcessLook& look, int signal);
bool blocks(const ProcessLook& look, int signal);

// The ranks that the others may be waiting for: those that are stopped if others are not; otherwise those that do not
// wait if others do. Empty if no rank stands out.
std::vector<int> likely_causes(const std::map<int, Activity>& ranks);

}  // namespace tlaunch
