#include "processes/output/event_pipe.h"

#include <fcntl.h>
#include <unistd.h>

#include <climits>
#include <string_view>
#include <utility>

namespace tlaunch {

EventPipe::EventPipe() : pipe_(make_pipe()) {
  set_nonblocking(pipe_.read.get());
  // Room for a burst of many ranks, so that no step waits for the launcher. If the system refuses, 64 KiB must suffice.
  ::fcntl(pipe_.write.get(), F_SETPIPE_SZ, 1 << 20);
}

void EventPipe::drain(const std::function<void(const StampedEvent&)>& on_event,
                      const std::function<void(const std::string&)>& on_garbled) {
  const auto garbled = [&](std::string_view line) {
    if (!std::exchange(warned_, true)) on_garbled(std::string(line.substr(0, 100)));
  };
  const auto take = [&](std::string_view line) {
    if (line.empty()) return;
    if (const auto event = decode(Json::parse(line, nullptr, false)))
      on_event(*event);
    else
      garbled(line);
  };
  if (!pipe_.read) return;
  char bytes[16384];
  ssize_t size = 0;
  while ((size = ::read(pipe_.read.get(), bytes, sizeof bytes)) > 0) {
    std::string_view rest(bytes, static_cast<std::size_t>(size));
    for (std::size_t end = 0; (end = rest.find('\n')) != std::string_view::npos; rest.remove_prefix(end + 1)) {
      if (!std::exchange(skipping_, false)) take(held_.append(rest.substr(0, end)));
      held_.clear();
    }
    if (skipping_) continue;
    held_.append(rest);
    if (held_.size() > PIPE_BUF) {
      garbled(held_);
      held_.clear();
      skipping_ = true;
    }
  }
  if (size == 0) pipe_.read.reset();
}

}  // namespace tlaunch
