// One thread waits for the signals that this process answers; all other threads block them. The reason: oneDNN's LSTM
// kernels use the stack pointer as a work register, so a handler on the stack of a computing thread would write over
// the heap.
#pragma once

#include <functional>
#include <map>

namespace tlaunch {

// Calls the function of each signal that arrives, one at a time, in that thread. Call it once, before other threads
// start, because they inherit the blocked signals. Throws IoError if the system cannot start another thread.
void take_signals(std::map<int, std::function<void(int signal)>> calls);

}  // namespace tlaunch
