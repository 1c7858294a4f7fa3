#include "launcher/events/event_log.h"

#include "core/clock.h"

namespace tlaunch {

EventLog::EventLog(const std::string& path, int attempt, PatientFile::Tell tell)
    : file_(path, {}, std::move(tell)), attempt_(attempt) {}

void EventLog::append(Json event) {
  event["attempt"] = attempt_;
  file_.append(text_of(event) + "\n");
}

void EventLog::append(const std::string& name, const Json& fields) {
  Json event = {{"t", unix_time_s()}, {"event", name}};
  for (const auto& [key, value] : fields.items()) event[key] = value;
  append(std::move(event));
}

bool EventLog::lacks_lines() { return file_.finish() > 0; }

}  // namespace tlaunch
