// Finds the checkpoints that a run may continue from: its own, never those of another run in the same folder.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "checkpoint/folder/catalog.h"

namespace tlaunch {

// The newest valid checkpoint that run `run_dir` has written to `checkpoint_dir` (written_files.h). If that folder is
// inside `run_dir` and the list is absent or damaged, all files there count as the run's. Throws IoError if one of them
// cannot be read now, if all files that the run has written are missing (an unmounted disk must not look like a run
// that has not started), and if a damaged list does not say which files of a shared folder are the run's.
ResumeChoice newest_of_run(const std::string& run_dir, const std::string& checkpoint_dir);

// The step of that checkpoint, judged by headers and sizes only: the data are not read. Nothing if there is no such
// checkpoint, or the folder cannot be read.
std::optional<std::int64_t> newest_step_of_run(const std::string& run_dir, const std::string& checkpoint_dir);

}  // namespace tlaunch
