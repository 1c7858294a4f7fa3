// The folders for a plain program's log files and its summary.json. Logs go to DIR/attempt_N, with the first free
// number N, so that programs do not mix their logs, whether they run one after the other or at the same time.
#pragma once

#include <optional>
#include <string>

#include "launcher/commands/program/program_command.h"
#include "launcher/run/run_folder.h"

namespace tlaunch {

// The folder, locked while the program runs: --run-dir for this program alone, --log-dir shared with other programs. If
// streams are redirected or teed and no folder is named, it is a new one below runs/<program>/, reported on stderr;
// otherwise there is none.
struct ProgramHome {
  std::optional<RunFolder> folder;
  std::string logs;  // holds the folders of the attempts: run_dir/logs, or log_dir itself; "": no logs
};

// Throws UsageError if another tlaunch works in the folder or if a run would lose its summary.json, IoError if the
// folder cannot be made.
ProgramHome open_program_home(const ProgramCommand& command);

struct ProgramLogs {
  std::string folder;  // of one attempt; "": no log files

  std::string file(int rank, const std::string& ending) const {
    return folder.empty() ? "" : folder + "/rank_" + std::to_string(rank) + ending;
  }
};

// Makes the folder of the next attempt. Throws IoError.
ProgramLogs make_program_logs(const ProgramHome& home);

}  // namespace tlaunch
