// Where a plain program's log files go: DIR/attempt_N, N the first number that is free there, so that runs in a row and
// side by side keep apart.
#pragma once

#include <string>

#include "launcher/cli/command_line.h"

namespace tlaunch {

struct ProgramLogs {
  std::string home;    // --run-dir or --log-dir, absolute; "": no log files are kept
  std::string folder;  // of this attempt's log files; made

  std::string file(int rank, const std::string& ending) const {
    return folder.empty() ? "" : folder + "/rank_" + std::to_string(rank) + ending;
  }
};

// --run-dir: in its folder logs; --log-dir: in itself. Where streams are redirected or teed and no folder is named, a
// new one below runs/<program>/, which is told on stderr. Throws IoError.
ProgramLogs make_program_logs(const ProgramCommand& command);

}  // namespace tlaunch
