// Which checkpoints a run may go on from: its own, and never those of another run that keeps them in the same folder.
#pragma once

#include <string>

#include "checkpoint/catalog.h"

namespace tlaunch {

// The newest valid checkpoint that run `run_dir` has in `checkpoint_dir`: all files there where that folder lies in the
// run's own, else those that the run has written (written_files.h). Throws IoError where one of them cannot be read
// now, and where all that the run has written are gone: a disk that is not there must not look like a run that has not
// begun.
ResumeChoice newest_of_run(const std::string& run_dir, const std::string& checkpoint_dir);

}  // namespace tlaunch
