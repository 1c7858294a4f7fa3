// The stack of the training thread, appended to a file: how the launcher sees where a rank hangs without gdb.
#pragma once

#include <string>

namespace tlaunch {

// The calling thread is the training thread from now on, and `path` the file.
void prepare_stack_file(const std::string& path);

// Has the training thread write its step and phase (worker/run_phase.h) and its stack, wherever it is. From one other
// thread, after prepare_stack_file(). Of requests less than 20 ms apart the first alone is answered.
void ask_for_stack();

}  // namespace tlaunch
