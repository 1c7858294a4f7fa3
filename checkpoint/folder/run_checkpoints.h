// Which checkpoints a run may go on from: its own, and never those of another run that keeps them in the same folder.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "checkpoint/folder/catalog.h"

namespace tlaunch {

// The newest valid checkpoint that run `run_dir` has written to `checkpoint_dir` (written_files.h). Where that folder lies
// in the run's own and the list is absent or damaged, all files there count. Throws IoError where one of them cannot be
// read now, where all that the run has written are gone (a disk that is not there must not look like a run that has not
// begun), and where a damaged list does not say which files of a shared folder are its own.
ResumeChoice newest_of_run(const std::string& run_dir, const std::string& checkpoint_dir);

// At which step that checkpoint stands, as far as headers and sizes tell: the contents are not read. Nothing if there is
// none, or it cannot be told.
std::optional<std::int64_t> newest_step_of_run(const std::string& run_dir, const std::string& checkpoint_dir);

}  // namespace tlaunch
