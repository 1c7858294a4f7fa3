#include "launcher/events/event_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/error.h"
#include "core/event.h"

namespace tlaunch {
namespace {

void write_all(int fd, const std::string& path, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw IoError("cannot write " + path + ": " + std::strerror(errno));
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

bool ends_in_the_middle_of_a_line(int fd) {
  const off_t size = lseek(fd, 0, SEEK_END);
  char last = '\n';
  return size > 0 && pread(fd, &last, 1, size - 1) == 1 && last != '\n';
}

}  // namespace

EventLog::EventLog(const std::string& path, int attempt) : path_(path), attempt_(attempt) {
  fd_ = open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (fd_ < 0) throw IoError("cannot open " + path + ": " + std::strerror(errno));
  if (ends_in_the_middle_of_a_line(fd_)) write_all(fd_, path_, "\n");
}

EventLog::~EventLog() {
  if (fd_ >= 0) close(fd_);
}

void EventLog::append(Json event) {
  event["attempt"] = attempt_;
  write_all(fd_, path_, event.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
}

void EventLog::append(const std::string& name, const Json& fields) {
  Json event = {{"t", unix_time_s()}, {"event", name}};
  for (const auto& [key, value] : fields.items()) event[key] = value;
  append(std::move(event));
}

}  // namespace tlaunch
