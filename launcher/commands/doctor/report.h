// The content of the archive of `tlaunch doctor`: facts about this machine and about one run. Only reads. A file that
// cannot be made becomes a note in the archive, because the archive is for broken runs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "launcher/commands/doctor/tar.h"

namespace tlaunch {

// The run below `root` (root/DIR or root/NAME/DIR) whose files were written last; "" if there is none.
std::string newest_run(const std::string& root);

// Whether the folder holds a file of a run, or cannot be read.
bool is_run_folder(const std::string& path);

// A file's first and last bytes, `most_bytes` together, with a line between them that says how many are left out. Reads
// regular files only, because a pipe would block. Throws IoError.
std::string bounded_content(const std::string& path, std::uint64_t most_bytes);

// The files of the archive, the most interesting first; secrets are hidden (redact.h). `run_dir` "": no run.
std::vector<ArchiveFile> doctor_files(const std::string& version, const std::string& run_dir);

}  // namespace tlaunch
