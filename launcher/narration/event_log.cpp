#include "launcher/narration/event_log.h"

#include <filesystem>
#include <utility>

#include "base/clock.h"
#include "contract/event_codec.h"

namespace tlaunch {

namespace {

constexpr int format = 1;  // of the lines; increase it when readers of this format would misunderstand new lines

bool is_empty(const std::string& path) {
  std::error_code error;
  const auto bytes = std::filesystem::file_size(path, error);
  return error || bytes == 0;
}

}  // namespace

EventLog::EventLog(const std::string& path, int attempt, PatientFile::Tell tell)
    : first_(is_empty(path)), file_(path, {}, std::move(tell)), attempt_(attempt) {}

void EventLog::append_line(Json line) {
  line["attempt"] = attempt_;
  if (std::exchange(first_, false)) line["format"] = format;
  file_.append(text_of(line) + "\n");
}

void EventLog::append(const Event& event) {
  Json line = {{"t", unix_time_s()}, {"event", name_of(event)}};
  const Json fields = fields_of(event);
  for (const auto& [key, value] : fields.items()) line[key] = value;
  append_line(std::move(line));
}

bool EventLog::lacks_lines() { return file_.finish() > 0; }

}  // namespace tlaunch
