// A log of records that never stops its writer. If the disk is full or the file cannot be opened, this is reported
// once, records wait in memory, and the file is tried again at most once a second. A record that could be written only
// in part is removed again, so that the file stays readable. One thread at a time.
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
  std::string head = {};  // written first into an empty file
  bool lines = true;      // records are lines; a line torn by a crash is ended first, so that readers skip it
  std::size_t waiting_limit_bytes = std::size_t{1} << 20;  // of waiting records; more of them are lost
};

class PatientFile {
 public:
  // Gets a line for the user: the file that cannot be written, and why. Must not throw.
  using Tell = std::function<void(const std::string& problem)>;

  // Opens `path` for appending, or creates it. `calls` must outlive this object.
  PatientFile(std::string path, PatientFileForm form, Tell tell, FileCalls& calls = system_calls(),
              std::function<double()> clock_s = monotonic_s);
  ~PatientFile();
  PatientFile(const PatientFile&) = delete;
  PatientFile& operator=(const PatientFile&) = delete;

  // Writes `record` after those that wait. It includes its line end if records are lines.
  void append(std::string record);
  // After the last record: tries to write the waiting records. Returns missing().
  std::int64_t finish();
  // Number of records that are not in the file: lost, or still waiting.
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
  std::optional<off_t> torn_at_;  // start of a partial record that could not be removed yet
  std::deque<std::string> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::int64_t given_up_ = 0;
};

}  // namespace tlaunch
