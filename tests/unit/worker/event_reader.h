// The launcher's end of an event pipe.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "contract/event_codec.h"
#include "contract/event_writer.h"

namespace tlaunch::test {

class EventReader {
 public:
  EventReader() {
    if (::pipe2(ends_, O_CLOEXEC | O_NONBLOCK) != 0) throw std::runtime_error("pipe2");
  }
  ~EventReader() {
    for (const int end : ends_) ::close(end);
  }
  EventReader(const EventReader&) = delete;
  EventReader& operator=(const EventReader&) = delete;

  int fd() const { return ends_[0]; }
  EventWriter writer(int rank) const { return {ends_[1], rank}; }

  // The events written since the last call.
  std::vector<StampedEvent> read() {
    std::string text;
    char part[4096];
    for (ssize_t got; (got = ::read(ends_[0], part, sizeof part)) > 0;)
      text.append(part, static_cast<std::size_t>(got));
    std::vector<StampedEvent> events;
    for (std::size_t begin = 0, end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1)
      events.push_back(decode(Json::parse(text.substr(begin, end - begin))).value());
    return events;
  }
  std::vector<std::string> names() {
    std::vector<std::string> found;
    for (const auto& stamped : read()) found.push_back(name_of(stamped.event));
    return found;
  }
  // The events of one type.
  template <class Wanted>
  std::vector<Wanted> read_all() {
    std::vector<Wanted> found;
    for (const auto& stamped : read())
      if (const auto* one = std::get_if<Wanted>(&stamped.event)) found.push_back(*one);
    return found;
  }

 private:
  int ends_[2];
};

}  // namespace tlaunch::test
