// The signals that this process answers, taken by one thread that does nothing but wait for them. All other threads
// block them: oneDNN's LSTM kernels use the stack pointer as a work register, so a handler that runs on the stack of a
// thread that computes writes over the heap.
#pragma once

#include <functional>
#include <map>

namespace tlaunch {

// Calls the function of each signal that arrives, one at a time, in that thread. Call it once, before other threads
// start: they inherit what is blocked. Throws IoError where the system has no thread left.
void take_signals(std::map<int, std::function<void(int signal)>> calls);

}  // namespace tlaunch
