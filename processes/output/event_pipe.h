// The one pipe through which all ranks of a group tell the launcher their events: a JSON object a line, each written in
// one piece of at most PIPE_BUF bytes (contract/event_writer.h), so that lines of several ranks never mix.
#pragma once

#include <functional>
#include <string>

#include "base/descriptor.h"
#include "contract/event_codec.h"

namespace tlaunch {

class EventPipe {
 public:
  EventPipe();

  int read_fd() const { return pipe_.read.get(); }    // -1 when no writer is left
  int write_fd() const { return pipe_.write.get(); }  // for the workers
  void close_write() { pipe_.write.reset(); }

  // Hands on what has arrived, without waiting. A line that is no event goes to `on_garbled`, the first one only; the
  // rest is dropped.
  void drain(const std::function<void(const StampedEvent&)>& on_event,
             const std::function<void(const std::string&)>& on_garbled);

 private:
  Pipe pipe_;
  std::string held_;       // an unfinished line
  bool skipping_ = false;  // inside a line that is too long
  bool warned_ = false;
};

}  // namespace tlaunch
