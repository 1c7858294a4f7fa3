// Runs one group of worker processes from start to end: spawns a rank each under a guard process, tees their output,
// reads their events, stops all when one fails. Blocks until the last process of the group, detached grandchildren
// included, is gone.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "contract/event_codec.h"
#include "processes/output/log_file.h"

namespace tlaunch {

struct RunRecord;

struct WorkerSpec {
  std::vector<std::string> argv;                   // argv[0] without '/' is looked up in PATH
  std::map<std::string, std::string> environment;  // added to (and winning over) our own
  std::string log_path;                            // "": no file
  std::string error_path;                          // where it tells of its failure (error_file.h); "": nowhere
  std::string line_prefix = {};                    // of its lines where several ranks are shown; "": "[rank N] "
  bool show_out = true, show_error = true;         // false: that stream goes to the log alone
  bool inherit_stdin = false;   // reads ours, and its output is passed on as it comes; else /dev/null, or:
  std::vector<int> cores = {};  // that it is pinned to; empty: to none
  int stdin_fd = -1;            // becomes its standard input; stays the caller's
};

struct GroupSpec {
  std::vector<WorkerSpec> workers;  // index = local rank
  int store_fd = -1;    // listening rendezvous socket, inherited by rank 0 alone under the same number; -1: none
  bool events = false;  // give every worker the event pipe (TLAUNCH_EVENT_FD)
  double grace_s = 30;  // between SIGTERM and SIGKILL
  bool saves_when_told = false;  // workers that save where they are told to stop, and then exit with 75 or 130
  // What the user is told that a signal does; "": "stopping the ranks".
  std::string told_to_stop = {};
  std::uint64_t log_limit_bytes = kLogLimitBytes;  // of each worker's log (log_file.h)
  bool rows = false;        // progress bars of several ranks are written over in place on a terminal
  bool show_output = true;  // false: workers' output goes to their logs alone
};

// A rank that fell because another one did.
struct Victim {
  int rank = 0;
  std::string cause;  // as below
};

// The first failure: the rank whose end made the group stop. Others that fall because of it are victims.
struct GroupFailure {
  std::optional<int> rank = 0;  // none: the group hung, and no single rank is to blame
  int exit_code = 1;            // its own, or 128 + signal
  int signal = 0;               // 0: it exited
  std::string cause;            // "exit code 7", "SIGSEGV (segmentation fault)", "SIGKILL (killed; out of memory?)",
                                // "SIGKILL (out of memory: killed by the kernel)", "cannot start PROGRAM: not found",
                                // "left with exit code 0 before its work was done" (the group's exit code is 1 then)
  std::vector<std::string> last_lines;  // of its own output, at most 20, clean UTF-8
  std::vector<Victim> victims;          // the others that did not end with 0
  std::string host = {};                // where it ran
  std::string message = {};             // what it told of itself; "": nothing
  std::string summary_message = {};     // that, or else its last line of output; of a hang its cause
  std::string log_path = {};            // all of its output; "": not kept
};

struct GroupResult {
  int exit_code = 0;  // 0, the first failure's own, or where the user stopped the group first 128 + signal;
                      // 75 where it saved, but for SIGINT
  std::optional<GroupFailure> failure;
  int interrupted_by = 0;    // the signal that the user sent to the launcher, or the system to a rank; 0: none
  bool saved = false;        // told to stop, all ranks saved
  bool out_of_time = false;  // stopped by stop_in_time()
  bool hung = false;         // ended by end_hung(): exit code 124
  bool reader_gone = false;  // it failed by SIGPIPE, after the reader of our output had gone (`| head`)
  int output_error = 0;      // errno where output of the ranks could not be passed on to stdout
  std::vector<std::string> incomplete_logs;  // paths of logs that lack output: the disk was full
};

struct GroupCallbacks {
  std::function<void(const StampedEvent&)> on_event;               // one event of a worker
  std::function<void(int rank, const std::string& line)> on_line;  // one whole line of output, without its newline
  std::function<void()> on_tick;                                   // about 5 times a second
  // Asked where a rank ended with 0: was its work not done? Where all end with 0, it was.
  std::function<bool(int rank)> left_early;
  // Asked where a rank is gone and the others are to stop: true kills them without grace.
  std::function<bool()> nothing_to_save;
  // Asked where the ranks are gone: what their events told of the run, for the words and the place of a failure.
  std::function<const RunRecord&()> run_record;
  std::function<void()> on_output;  // a rank has written something, or would if the terminal took it
};

// One thread (the caller's), no other threads alive and no other child processes: it forks and becomes the reaper of
// what it started. SIGINT, SIGTERM, SIGHUP and SIGUSR1 are taken over while it runs, SIGINT and SIGHUP unless they were
// ignored: the first stops the group (SIGINT as SIGINT, the others as SIGTERM, SIGKILL after the grace), a second one
// kills it at once. SIGUSR1 is only passed on to workers of which it is not known that they save. SIGTSTP (Ctrl-Z) and
// SIGTTIN stop the workers and then the caller, until somebody continues it. Output of a group of one is passed on as
// it comes, of more ranks line by line with a prefix. Throws IoError where no process, pipe or log file can be made.
GroupResult run_group(const GroupSpec& spec, const GroupCallbacks& callbacks);

// The same a turn at a time, for a caller who has something to say to the workers in between. The same rules hold while
// the object lives.
class RunningGroup {
 public:
  RunningGroup(GroupSpec spec, GroupCallbacks callbacks);  // starts the workers
  ~RunningGroup();                                         // kills what still runs
  RunningGroup(const RunningGroup&) = delete;
  RunningGroup& operator=(const RunningGroup&) = delete;

  // Waits for whatever comes next, a tick at most where on_tick is set, and deals with it. False: all processes are
  // gone.
  bool turn();
  // Whether that rank has left with exit code 0 while nobody had failed and the group was not told to stop. What it
  // told before has been handed on.
  bool left(int rank) const;
  // The ranks that run and were not told to stop, with their processes; none once the group is stopping.
  std::map<int, pid_t> at_work() const;
  // For how long Ctrl-Z has stopped the group so far: no time in which it could have done anything.
  double paused_s() const;
  // Stops the group as SIGTERM from the user would; `why` is told. False, and nothing is done, where it is stopping
  // already. The exit code of ranks that do not save is 75, but for a code below 128 of their own.
  bool stop_in_time(const std::string& why);
  // A line of tlaunch's own on stderr, without waiting for a reader.
  void say(const std::string& text);
  // Kills all after `last_words_s`, in which the caller may have them write what they do; that goes to the logs alone
  // where there are logs. The result names `rank` (none: the group) and `cause`, unless the group was stopping.
  void end_hung(std::optional<int> rank, const std::string& cause, double last_words_s = 0);
  // After turn() was false.
  GroupResult finish();

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace tlaunch
