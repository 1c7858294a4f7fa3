// What the supervisor does and why, one line each, if the user asks for it with TLAUNCH_LOG: the black box of a long
// run. If it is off, a call costs a comparison. One thread.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "processes/guard/signal_takeover.h"

namespace tlaunch {

struct TracedProcess {
  int rank = -1;   // -1: none in particular
  pid_t pid = -1;  // -1: none in particular
};

// `what` is one word: start, spawn, received, sent, told, reap, decision, end. The first call opens the file that
// TLAUNCH_LOG names; if that fails, a line on stderr says so, and nothing is traced. The file and its older half,
// FILE.1, are at most 16 MiB together (trace_file.h).
void trace(std::string_view what, const std::string& text, TracedProcess of = {});

void trace_arrival(const SignalTakeover::Arrival& arrival);  // "received SIGTERM from process 812"

// "2026-11-30T07:22:02.123Z 15432.101 4711 reap rank=1 pid=4713 exit code 7\n": UTC, seconds of the machine's monotonic
// clock, the process that writes. A long text is cut to 1000 bytes; control characters become '?'. Pure.
std::string trace_line(double unix_s, double monotonic_s, pid_t writer, std::string_view what, const std::string& text,
                       TracedProcess of = {});

std::string signal_name(int signal);            // "SIGTERM"
std::string wait_status_text(int wait_status);  // of waitpid: "exit code 7", "SIGKILL"

}  // namespace tlaunch
