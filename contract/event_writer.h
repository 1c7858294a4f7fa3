// A worker's end of the event pipe.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "contract/events.h"

namespace tlaunch {

// Writes whole lines of at most PIPE_BUF bytes in one write(2), so that ranks never interleave; longer ones are cut to
// an event with "truncated": true. Thread-safe. Does nothing when fd < 0. A reader that went away is ignored (EPIPE,
// and no SIGPIPE).
//
// A reader that does not read never holds up training: where the pipe is full, an event waits as long as its WhenFull
// says and is left out then. What was left out is counted in `dropped` of the next one.
class EventWriter {
 public:
  // Makes a pipe non-blocking: for all who share this end of it.
  EventWriter(int fd, int rank);
  // t, event and rank come before its own fields.
  void write(const Event& event) const;
  bool connected() const { return fd_ >= 0; }
  int fd() const { return fd_; }  // -1: not connected

 private:
  struct State {
    std::atomic<std::int64_t> dropped{0};  // not told yet
    std::atomic<bool> full{false};         // waiting was in vain
  };
  int fd_, rank_;
  std::shared_ptr<State> state_ = std::make_shared<State>();  // of all copies
};

}  // namespace tlaunch
