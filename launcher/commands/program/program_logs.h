// Where a plain program's log files and its summary.json go. Logs go to DIR/attempt_N, N the first number that is free
// there, so that runs in a row and side by side keep apart.
#pragma once

#include <optional>
#include <string>

#include "launcher/commands/program/program_command.h"
#include "launcher/run/run_folder.h"

namespace tlaunch {

// The folder that keeps them, locked for as long as the program runs: --run-dir for it alone, --log-dir beside other
// programs. Where streams are redirected or teed and no folder is named, a new one below runs/<program>/, which is told
// on stderr; else none.
struct ProgramHome {
  std::optional<RunFolder> folder;
  std::string logs;  // where attempts' folders are made: run_dir/logs, or log_dir itself; "": no logs are kept
};

// Throws UsageError where another tlaunch is at work in the folder or a run would lose its summary.json, IoError where
// the folder cannot be made.
ProgramHome open_program_home(const ProgramCommand& command);

struct ProgramLogs {
  std::string folder;  // of one attempt; "": no log files are kept

  std::string file(int rank, const std::string& ending) const {
    return folder.empty() ? "" : folder + "/rank_" + std::to_string(rank) + ending;
  }
};

// Makes the folder of the next attempt. Throws IoError.
ProgramLogs make_program_logs(const ProgramHome& home);

}  // namespace tlaunch
