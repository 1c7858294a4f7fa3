// Starts one worker process: fork, set up, exec. Called in the guard, which has one thread.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <string>
#include <vector>

#include "base/descriptor.h"

namespace tlaunch {

struct SpawnRequest {
  std::vector<std::string> argv;         // argv[0] without '/' is looked up in PATH
  std::vector<std::string> environment;  // all of it, "NAME=value"
  Descriptor output, error;              // become descriptors 1 and 2
  bool inherit_stdin = false;            // otherwise stdin_fd, or /dev/null if that is -1
  int stdin_fd = -1;
  std::vector<int> inherited;            // further descriptors, under the same numbers
  std::vector<int> cores;                // logical cores to pin the worker to; empty: those of the caller
  pid_t process_group = 0;               // 0: a new group
  sigset_t signal_mask{};                // the worker's at its start
  struct sigaction on_broken_pipe = {};  // the action for SIGPIPE, as the launcher found it
};

struct SpawnResult {
  pid_t pid = -1;
  int error = 0;  // errno if the program could not be started; pid is -1 then
};

// Returns after the exec, so that a program that does not exist can be distinguished from one that fails. The worker is
// killed when the caller dies.
SpawnResult spawn(const SpawnRequest& request);

}  // namespace tlaunch
