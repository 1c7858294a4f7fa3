// Appends the stack of the training thread to a file, so that the launcher sees without gdb where a rank hangs.
#pragma once

#include <string>

namespace tlaunch {

// From now on the calling thread is the training thread, and `path` is the file (of at most 4095 bytes, else there is
// none).
void prepare_stack_file(const std::string& path);

// Makes the training thread write its step and phase (worker/run_phase.h) and its stack, whatever it is doing. Call it
// from one other thread, after prepare_stack_file(). A request within 20 ms of the last one answered is ignored.
void ask_for_stack();

}  // namespace tlaunch
