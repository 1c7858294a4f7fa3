#include "core/event.h"

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

namespace tlaunch {
namespace {

// A worker whose launcher went away must go on to save, so the SIGPIPE of our own write is taken back here: the
// signal's disposition belongs to the program, which may be a user's.
class SigpipeHeld {
 public:
  SigpipeHeld() {
    sigemptyset(&sigpipe_);
    sigaddset(&sigpipe_, SIGPIPE);
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &sigpipe_, &before_);
  }
  ~SigpipeHeld() {
    const timespec now{};
    if (!was_pending_) {
      while (sigtimedwait(&sigpipe_, nullptr, &now) < 0 && errno == EINTR) {
      }
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  SigpipeHeld(const SigpipeHeld&) = delete;
  SigpipeHeld& operator=(const SigpipeHeld&) = delete;

 private:
  sigset_t sigpipe_, before_;
  bool was_pending_ = false;
};

void write_line(int fd, std::string_view line) {
  const SigpipeHeld held;
  while (!line.empty()) {  // a pipe takes all of it or nothing; only a file may take a part
    const ssize_t written = ::write(fd, line.data(), line.size());
    if (written >= 0) {
      line.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      pollfd ready{fd, POLLOUT, 0};
      ::poll(&ready, 1, -1);
    } else if (errno != EINTR) {
      return;  // EPIPE: nobody reads any more. An event is never worth a run.
    }
  }
}

std::string line_of(const Json& event) {
  return event.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";  // log text may not be UTF-8
}

// As much of the event as fits: long texts cut, then fields left out.
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

double unix_time_s() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

void EventWriter::write(const std::string& event, const Json& fields) const {
  if (fd_ < 0) return;
  const Json head = {{"t", unix_time_s()}, {"event", event}, {"rank", rank_}};
  const Json safe_fields = without_nonfinite(fields);
  Json whole = head;
  for (const auto& [key, value] : safe_fields.items()) whole[key] = value;
  std::string line = line_of(whole);
  if (line.size() > PIPE_BUF) line = cut_line(head, safe_fields);
  write_line(fd_, line);
}

}  // namespace tlaunch
