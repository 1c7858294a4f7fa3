// A log that grows by whole records and never stops who writes it: where the disk is full, or the file cannot be
// opened, that is told once, records wait in memory, and the file is tried again at most once a second. A record of
// which only a part could be written is taken back, so that what is there stays readable. One thread at a time.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/file_calls.h"

namespace tlaunch {

struct PatientFileForm {
  std::string head = {};  // what an empty file begins with
  bool lines = true;      // records are lines: one that a crash cut short is ended first, so that readers skip it
  std::size_t waiting_limit_bytes = std::size_t{1} << 20;  // of records that wait for room; what exceeds it is lost
};

class PatientFile {
 public:
  // A line for the user: what cannot be written, and why. Must not throw.
  using Tell = std::function<void(const std::string& problem)>;

  // Opens `path` for appending, or makes it. `calls` outlives the file.
  PatientFile(std::string path, PatientFileForm form, Tell tell, FileCalls& calls = system_calls(),
              std::function<double()> clock_s = monotonic_s);
  ~PatientFile();
  PatientFile(const PatientFile&) = delete;
  PatientFile& operator=(const PatientFile&) = delete;

  // `record`, with its line end where records are lines, after those that wait.
  void append(std::string record);
  // After the last record: writes what waits, if there is room now. Returns missing().
  std::int64_t finish();
  // Records that the file lacks: given up, or still waiting.
  std::int64_t missing() const { return given_up_ + static_cast<std::int64_t>(waiting_.size()); }

 private:
  void try_again();
  int open_file();  // these return 0 or an errno
  int take_back_half_a_record();
  int write_record(std::string_view record);
  std::string what_goes_before(off_t size) const;

  const std::string path_;
  const PatientFileForm form_;
  const Tell tell_;
  FileCalls& calls_;
  const std::function<double()> clock_s_;
  int fd_ = -1;
  bool told_ = false;
  std::optional<double> failed_at_s_;
  std::optional<off_t> torn_at_;  // where half a record begins that could not be taken back yet
  std::deque<std::string> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::int64_t given_up_ = 0;
};

}  // namespace tlaunch
