// The pipe through which all ranks of a group send their events to the launcher: one JSON object per line, each written
// in one piece of at most PIPE_BUF bytes (contract/event_writer.h), so that lines of several ranks never mix.
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

  // Passes on the events that have arrived, without waiting. The first line that is not an event goes to `on_garbled`;
  // further ones are dropped.
  void drain(const std::function<void(const StampedEvent&)>& on_event,
             const std::function<void(const std::string&)>& on_garbled);

 private:
  Pipe pipe_;
  std::string held_;       // an unfinished line
  bool skipping_ = false;  // inside a line that is too long
  bool warned_ = false;
};

}  // namespace tlaunch
