// metrics.csv: fixed columns, `step` first, one header line, one line a row. Numbers are the shortest text that reads
// back as the same double; a value that is not given is an empty cell. Each row is one write(2), so that `tail -f` and
// a crash see whole lines. A log is never worth the run: what goes wrong with the file is told, and the file is tried
// again (base/patient_file.h). Torch-free. One thread at a time.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/patient_file.h"

namespace tlaunch {

class MetricsCsv {
 public:
  // A file that is there is gone on with: rows beyond `resume_step`, and a last line cut short, are dropped (the file
  // is replaced as a whole), the rest stays. A file that is not understood (other columns, a line without a step) is
  // set aside as PATH.old, .old.1 and so on, and its rows that are understood are taken over;
  // where that fails, or the file cannot be read now, the rows go to PATH.new.
  // `columns` begins with "step".
  MetricsCsv(const std::string& path, std::vector<std::string> columns, std::int64_t resume_step,
             PatientFile::Tell tell);

  // Values by column; "step" must be among them.
  void row(const std::map<std::string, double>& values);
  // The last row was given: what waits for room gets another try. Returns how many the file lacks.
  std::int64_t finish() { return file_.finish(); }

 private:
  std::vector<std::string> columns_;
  PatientFile file_;
};

}  // namespace tlaunch
