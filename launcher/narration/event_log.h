// events.jsonl: one JSON object per line, appended with one write(2) each, so that a reader sees only whole lines, also
// after a kill. Only the launcher writes this file. Every line gets its "attempt", the first one also "format". A full
// disk does not end the run: the lines wait in memory (base/patient_file.h).
#pragma once

#include <string>

#include "base/patient_file.h"
#include "contract/events.h"

namespace tlaunch {

class EventLog {
 public:
  // Opens the file for appending. `tell` is called once with what cannot be written and why.
  EventLog(const std::string& path, int attempt, PatientFile::Tell tell);

  void begin_attempt(int attempt) { attempt_ = attempt; }

  // Appends an event of a worker as it was received.
  void append_line(Json line);
  // Appends an event of the launcher.
  void append(const Event& event);

  // Tries a last time to write the waiting lines. Returns whether lines are missing from the file.
  bool lacks_lines();

 private:
  bool first_;  // the next line is the first of the file
  PatientFile file_;
  int attempt_ = 0;
};

}  // namespace tlaunch
