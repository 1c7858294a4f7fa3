// A second stack for each thread, on which its signal handlers run (SA_ONSTACK): for a stack that overflowed, and for
// code that uses the stack pointer as a work register (trainer/diagnosis/signal_thread.h).
//
// Threads of LibTorch, OpenMP and Gloo get theirs too: this unit defines pthread_create, which every library of the
// process then calls, and which gives the new thread its stack before it starts.
#pragma once

namespace tlaunch {

// For the calling thread, as long as it lives. No memory left: it stays without one.
void use_alternate_stack();

}  // namespace tlaunch
