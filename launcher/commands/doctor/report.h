// What `tlaunch doctor` puts into its archive: about this machine, and about one run. Reads only; whatever is broken is
// a note in the archive, for that is what it is made for.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "launcher/commands/doctor/tar.h"

namespace tlaunch {

// The run below `root` (root/DIR or root/NAME/DIR) that wrote something last; "" where there is none.
std::string newest_run(const std::string& root);

// Whether the folder holds anything of a run, as far as that can be seen.
bool is_run_folder(const std::string& path);

// A file's first and last bytes, `most_bytes` in all, with a line between them on what is left out. Only a plain file:
// a pipe would be waited for. Throws IoError.
std::string bounded_content(const std::string& path, std::uint64_t most_bytes);

// The files of the archive, in the order of their interest; secrets are taken out (redact.h). `run_dir` "": no run.
std::vector<ArchiveFile> doctor_files(const std::string& version, const std::string& run_dir);

}  // namespace tlaunch
