// A second stack for each thread, on which its signal handlers run (SA_ONSTACK). It is needed if the first stack has
// overflowed, and in code that uses the stack pointer as a work register (trainer/diagnosis/signal_thread.h).
//
// Threads of LibTorch, OpenMP and Gloo get one too: this unit defines pthread_create, which every library of the
// process then calls, and which gives the new thread its second stack before its function starts.
#pragma once

namespace tlaunch {

// Gives the calling thread its second stack for its lifetime. Without free memory the thread stays without one.
void use_alternate_stack();

}  // namespace tlaunch
