// `tlaunch doctor`: makes one archive for a bug report.
#pragma once

#include <string>

namespace tlaunch {

struct DoctorCommand {
  std::string run_dir;  // "": the newest run below runs/
  std::string output;   // "": a name with the time, in the working directory
};

// Writes the archive and prints what it holds. Throws UsageError if the folder does not hold a run or if the file
// exists already, IoError if the archive cannot be written.
int run_doctor(const DoctorCommand& command);

}  // namespace tlaunch
