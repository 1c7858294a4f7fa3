// events.jsonl: one JSON object a line, appended in one write(2) each, so that a reader (or a kill) sees whole lines.
// The launcher alone writes it; every line gets its "attempt".
#pragma once

#include <string>

#include "core/json.h"

namespace tlaunch {

class EventLog {
 public:
  // Opens for appending. A last line that a crash cut short is ended first. Throws IoError.
  EventLog(const std::string& path, int attempt);
  ~EventLog();
  EventLog(const EventLog&) = delete;
  EventLog& operator=(const EventLog&) = delete;

  void begin_attempt(int attempt) { attempt_ = attempt; }

  // An event of a worker, as it came.
  void append(Json event);
  // One of the launcher's own: t, event and fields.
  void append(const std::string& name, const Json& fields);

 private:
  std::string path_;
  int fd_ = -1;
  int attempt_ = 0;
};

}  // namespace tlaunch
