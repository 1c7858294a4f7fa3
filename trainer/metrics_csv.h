// metrics.csv: fixed columns, `step` first, one header line, one line a row. Numbers are the shortest text that reads
// back as the same double; a value that is not given is an empty cell. Each row is one write(2), so that `tail -f` and
// a crash see whole lines. Torch-free. One thread at a time.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace tlaunch {

class AppendFile;

class MetricsCsv {
 public:
  // A file that is there is gone on with: rows beyond `resume_step`, and a last line cut short, are dropped (the file
  // is replaced as a whole), the rest stays. Throws DataError where its columns are others or a line has no step,
  // IoError where it cannot be read or written. `columns` begins with "step".
  MetricsCsv(const std::string& path, std::vector<std::string> columns, std::int64_t resume_step);
  ~MetricsCsv();

  // Values by column; "step" must be among them. Throws IoError; the file then ends with the row before.
  void row(const std::map<std::string, double>& values);

 private:
  std::vector<std::string> columns_;
  std::unique_ptr<AppendFile> file_;
};

}  // namespace tlaunch
