// `tlaunch doctor`: one archive for a bug report.
#pragma once

#include <string>

namespace tlaunch {

struct DoctorCommand {
  std::string run_dir;  // "": the newest run below runs/
  std::string output;   // "": a name with the time, in the working directory
};

// Writes it, and says what is in it. Throws UsageError where the folder holds no run or the file is there already,
// IoError where it cannot be written.
int run_doctor(const DoctorCommand& command);

}  // namespace tlaunch
