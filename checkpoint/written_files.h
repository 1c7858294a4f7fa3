// The checkpoints that a run has written, one file name a line in <run>/checkpoints.txt: what retention may delete. A
// name is noted before its file is written, so a kill leaves a name too many and never one too few.
#pragma once

#include <set>
#include <string>

namespace tlaunch {

// Absolute paths: names are relative to `checkpoint_dir`. Empty where there is no such file.
std::set<std::string> read_written_files(const std::string& run_dir, const std::string& checkpoint_dir);

// Throws IoError.
void note_written_file(const std::string& run_dir, const std::string& name);

}  // namespace tlaunch
