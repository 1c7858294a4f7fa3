// metrics.csv: fixed columns, `step` first, one header line, one line per row. Numbers are the shortest text that reads
// back as the same double; a missing value is an empty cell. Each row is one write(2), so `tail -f` shows complete
// lines and a crash leaves complete lines. The log never ends a run: an error is reported, and the file is tried again
// (base/patient_file.h). Torch-free. One thread at a time.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/patient_file.h"

namespace tlaunch {

class MetricsCsv {
 public:
  // Continues an existing file: rows beyond `resume_step` and an incomplete last line are dropped (the file is replaced
  // atomically), the rest stays. A file with other columns, or with a line without a step, is moved to PATH.old, .old.1
  // and so on, and its readable rows are copied to the new file. If that fails, or if the file cannot be read now, the
  // rows go to PATH.new. `columns` begins with "step".
  MetricsCsv(const std::string& path, std::vector<std::string> columns, std::int64_t resume_step,
             PatientFile::Tell tell);

  // Values by column; "step" must be among them.
  void row(const std::map<std::string, double>& values);
  // After the last row: tries again to write the rows that wait for room. Returns how many rows the file lacks.
  std::int64_t finish() { return file_.finish(); }

 private:
  std::vector<std::string> columns_;
  PatientFile file_;
};

}  // namespace tlaunch
