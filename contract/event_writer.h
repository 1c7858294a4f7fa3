// The worker's end of the event pipe.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "contract/events.h"

namespace tlaunch {

// Writes each event as one line of at most PIPE_BUF bytes in one write(2), so that lines of several ranks never mix.
// Longer events are cut and get "truncated": true. Thread-safe. Does nothing if fd < 0. A closed reader is ignored
// (EPIPE, and no SIGPIPE).
//
// A reader that does not read never stops training: if the pipe is full, an event waits for the time of its WhenFull
// and is then dropped. `dropped` of the next event counts the dropped ones.
class EventWriter {
 public:
  // Makes the pipe non-blocking, also for other processes that share this end.
  EventWriter(int fd, int rank);
  // Writes t, event and rank before the event's own fields.
  void write(const Event& event) const;
  bool connected() const { return fd_ >= 0; }
  int fd() const { return fd_; }  // -1: not connected

 private:
  struct State {
    std::atomic<std::int64_t> dropped{0};  // not reported yet
    std::atomic<bool> full{false};         // the last wait was too short
  };
  int fd_, rank_;
  std::shared_ptr<State> state_ = std::make_shared<State>();  // shared by all copies
};

}  // namespace tlaunch
