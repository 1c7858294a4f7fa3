// `tlaunch doctor`: one archive for a bug report.
#pragma once

#include "launcher/cli/command_line.h"

namespace tlaunch {

// Writes it, and says what is in it. Throws UsageError where the folder holds no run or the file is there already,
// IoError where it cannot be written.
int run_doctor(const DoctorCommand& command);

}  // namespace tlaunch
