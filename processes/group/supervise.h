// Runs one group of worker processes from start to end: starts each rank under a guard process, tees the output, reads
// the events, and stops all ranks when one fails. Blocks until the last process of the group is gone, including
// detached grandchildren.
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
  std::string error_path;                          // where it reports its failure (error_file.h); "": nowhere
  std::string line_prefix = {};                    // of its lines if several ranks are shown; "": "[rank N] "
  bool show_out = true, show_error = true;         // false: that stream goes only to the log
  bool inherit_stdin = false;   // reads ours, and its output is passed on as it comes; else /dev/null or stdin_fd
  std::vector<int> cores = {};  // to pin it to; empty: none
  int stdin_fd = -1;            // becomes its standard input; the caller still owns it
};

struct GroupSpec {
  std::vector<WorkerSpec> workers;  // index = local rank
  int store_fd = -1;    // listening rendezvous socket, inherited only by rank 0 under the same number; -1: none
  bool events = false;  // give every worker the event pipe (TLAUNCH_EVENT_FD)
  double grace_s = 30;  // between SIGTERM and SIGKILL
  bool saves_when_told = false;  // workers save when they are asked to stop, and then exit with 75 or 130
  // What a stop does, for the message about a signal; "": "stopping the ranks".
  std::string stop_text = {};
  std::uint64_t log_limit_bytes = default_log_limit_bytes;  // of each worker's log (log_file.h)
  bool rows = false;        // progress bars of several ranks are redrawn in place on a terminal
  bool show_output = true;  // false: workers' output goes only to their logs
};

// A rank that ended because another one failed.
struct Victim {
  int rank = 0;
  std::string cause;  // as below
};

// The first failure: the rank whose end made the group stop. Others that end because of it are victims.
struct GroupFailure {
  std::optional<int> rank = 0;  // empty: the group hung, and no single rank is to blame
  int exit_code = 1;            // its own, or 128 + signal
  int signal = 0;               // 0: it exited
  std::string cause;            // "exit code 7", "SIGSEGV (segmentation fault)", "SIGKILL (killed; out of memory?)",
                                // "SIGKILL (out of memory: killed by the kernel)", "cannot start PROGRAM: not found",
                                // "left with exit code 0 before its work was done" (the group's exit code is 1 then)
  std::vector<std::string> last_lines;  // of its own output, at most 20, clean UTF-8
  std::vector<Victim> victims;          // the others that did not end with 0
  std::string host = {};                // where it ran
  std::string message = {};             // that it reported; "": none
  std::string summary_message = {};     // that, or else its last line of output; for a hang the cause
  std::string log_path = {};            // all of its output; "": there is no log
};

struct GroupResult {
  int exit_code = 0;  // 0, the first failure's own, or 128 + signal if the user stopped the group first;
                      // 75 if the group saved, except after SIGINT
  std::optional<GroupFailure> failure;
  int interrupted_by = 0;    // the signal that the user sent to the launcher, or the system to a rank; 0: none
  bool saved = false;        // the group was asked to stop, and all ranks saved
  bool out_of_time = false;  // stopped by stop_in_time()
  bool hung = false;         // ended by end_hung(): exit code 124
  bool reader_gone = false;  // it failed by SIGPIPE, after the reader of our output had gone (`| head`)
  int output_error = 0;      // errno if output of the ranks could not be written to stdout
  std::vector<std::string> incomplete_logs;  // paths of logs that lack output: the disk was full
};

struct GroupCallbacks {
  std::function<void(const StampedEvent&)> on_event;               // one event of a worker
  std::function<void(int rank, const std::string& line)> on_line;  // one whole line of output, without its newline
  std::function<void()> on_tick;                                   // about 5 times a second
  // Called when a rank ended with 0: whether its work was not done. If all ranks end with 0, it was.
  std::function<bool(int rank)> left_early;
  // Called when a rank is gone and the others have to stop: true kills them without grace.
  std::function<bool()> nothing_to_save;
  // Called when the ranks are gone: what their events reported, for the message and the place of a failure.
  std::function<const RunRecord&()> run_record;
  std::function<void()> on_output;  // a rank has written something, or waits because the terminal does not take it
};

// The caller must have no other threads and no other child processes: this forks, and the caller becomes the reaper of
// the processes that it started. While it runs, it takes over SIGINT, SIGTERM, SIGHUP and SIGUSR1, but not SIGINT and
// SIGHUP if they were ignored. The first signal stops the group (SIGINT as SIGINT, the others as SIGTERM, with SIGKILL
// after the grace), a second one kills it at once. Workers that are not known to save only get SIGUSR1 passed on.
// SIGTSTP (Ctrl-Z) and SIGTTIN stop the workers and then the caller, until somebody continues it. The output of a
// single rank is passed on as it comes, that of several ranks line by line with a prefix. Throws IoError if a process,
// pipe or log file cannot be made.
GroupResult run_group(const GroupSpec& spec, const GroupCallbacks& callbacks);

// The same, one turn at a time, for a caller that talks to the workers in between. The same rules hold while the object
// lives.
class RunningGroup {
 public:
  RunningGroup(GroupSpec spec, GroupCallbacks callbacks);  // starts the workers
  ~RunningGroup();                                         // kills what still runs
  RunningGroup(const RunningGroup&) = delete;
  RunningGroup& operator=(const RunningGroup&) = delete;

  // Waits for what comes next (at most one tick if on_tick is set) and handles it. False: all processes are gone.
  bool turn();
  // Whether that rank has left with exit code 0 while no rank had failed and the group was not asked to stop. Its
  // events from before have been passed on.
  bool left(int rank) const;
  // The ranks that run and were not asked to stop, with their processes; none once the group is stopping.
  std::map<int, pid_t> at_work() const;
  // For how long Ctrl-Z has stopped the group so far, so that it could not do anything.
  double paused_s() const;
  // Stops the group as SIGTERM from the user would, and prints `why`. Returns false and does nothing if the group is
  // already stopping. The exit code of ranks that do not save is 75, unless they have their own code below 128.
  bool stop_in_time(const std::string& why);
  // Prints a message of tlaunch on stderr, without waiting for a reader.
  void say(const std::string& text);
  // Kills all ranks after `last_words_s`, in which the caller may make them write what they do; that goes only to the
  // logs if there are logs. The result names `rank` (empty: the group) and `cause`, unless the group was stopping.
  void end_hung(std::optional<int> rank, const std::string& cause, double last_words_s = 0);
  // Call it after turn() returned false.
  GroupResult finish();

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace tlaunch
