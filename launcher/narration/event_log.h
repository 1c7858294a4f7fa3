// events.jsonl: one JSON object a line, appended in one write(2) each, so that a reader (or a kill) sees whole lines.
// The launcher alone writes it; every line gets its "attempt", the first one "format". A disk that is full ends no run: the lines wait
// (base/patient_file.h).
#pragma once

#include <string>

#include "base/patient_file.h"
#include "contract/events.h"

namespace tlaunch {

class EventLog {
 public:
  // Opens for appending. `tell`: what cannot be written and why, once.
  EventLog(const std::string& path, int attempt, PatientFile::Tell tell);

  void begin_attempt(int attempt) { attempt_ = attempt; }

  // An event of a worker, as it came.
  void append_line(Json line);
  // One of the launcher's own.
  void append(const Event& event);

  // Tries what waits a last time. Whether the file lacks lines.
  bool lacks_lines();

 private:
  bool first_;  // line of the file
  PatientFile file_;
  int attempt_ = 0;
};

}  // namespace tlaunch
