// The stack of the thread that takes SIGUSR2, appended to a file: how the launcher sees where a rank hangs without gdb.
#pragma once

#include <string>

namespace tlaunch {

// From now on, with the step and phase (trainer/run_phase.h) before it. `path` "": SIGUSR2 is left as it is.
void write_stack_when_asked(const std::string& path);

}  // namespace tlaunch
