#include "contract/event_writer.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <string_view>

#include "base/clock.h"
#include "base/sigpipe_held.h"
#include "contract/event_codec.h"

namespace tlaunch {
namespace {

double patience_s(WhenFull when, bool was_full) {
  switch (when) {
    case WhenFull::drop:
    case WhenFull::drop_silent: return 0;
    case WhenFull::wait_1_s: return was_full ? 0 : 1;
    case WhenFull::wait_30_s: return 30;
  }
  return 0;
}

// False: the pipe was still full after `patience` seconds.
bool write_line(int fd, std::string_view line, double patience) {
  using Clock = std::chrono::steady_clock;
  const SigpipeHeld held;
  const auto end = Clock::now() + std::chrono::duration<double>(patience);
  while (!line.empty()) {  // a pipe takes the whole line or nothing; only a file may take a part
    const ssize_t written = ::write(fd, line.data(), line.size());
    if (written >= 0) {
      line.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
      if (left <= 0) return false;
      pollfd ready{fd, POLLOUT, 0};
      ::poll(&ready, 1, static_cast<int>(left));
    } else if (errno != EINTR) {
      return true;  // EPIPE: the reader is gone. An event is not worth failing the run.
    }
  }
  return true;
}

std::string line_of(const Json& event) {
  return event.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";  // log text need not be UTF-8
}

// The part of the event that fits: long texts are cut, and fields that still do not fit are left out.
std::string cut_line(const Json& head, const Json& fields) {
  constexpr std::size_t longest_text = 1000;
  Json event = head;
  event["truncated"] = true;
  for (const auto& [key, value] : fields.items()) {
    Json longer = event;
    longer[key] = value.is_string() ? Json(value.get_ref<const std::string&>().substr(0, longest_text)) : value;
    if (line_of(longer).size() <= PIPE_BUF) event = std::move(longer);
  }
  return line_of(event);
}

}  // namespace

EventWriter::EventWriter(int fd, int rank) : fd_(fd), rank_(rank) {
  struct stat what = {};
  if (fd_ >= 0 && ::fstat(fd_, &what) == 0 && S_ISFIFO(what.st_mode))
    ::fcntl(fd_, F_SETFL, ::fcntl(fd_, F_GETFL) | O_NONBLOCK);
}

void EventWriter::write(const Event& event) const {
  if (fd_ < 0) return;
  const WhenFull when = when_full(event);
  const bool counted = when != WhenFull::drop_silent;
  const std::int64_t dropped = counted ? state_->dropped.exchange(0) : 0;
  Json head = {{"t", unix_time_s()}, {"event", name_of(event)}, {"rank", rank_}};
  if (dropped > 0) head["dropped"] = dropped;
  const Json fields = fields_of(event);
  Json whole = head;
  for (const auto& [key, value] : fields.items()) whole[key] = value;
  std::string line = line_of(whole);
  if (line.size() > PIPE_BUF) line = cut_line(head, fields);
  const double patience = patience_s(when, state_->full);
  const bool written = write_line(fd_, line, patience);
  if (written || patience > 0) state_->full = !written;
  if (!written && counted) state_->dropped += dropped + 1;
}

}  // namespace tlaunch
