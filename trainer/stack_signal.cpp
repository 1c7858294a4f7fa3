#include "trainer/stack_signal.h"

#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "trainer/run_phase.h"

namespace tlaunch {
namespace {

constexpr int most_frames = 64;
char file[4096];  // of the handler, which may allocate nothing

// The only calls below are those that POSIX allows in a handler, and backtrace(), which is one after its first call.
void write_text(int fd, const char* text) { [[maybe_unused]] const ssize_t done = ::write(fd, text, std::strlen(text)); }

void write_number(int fd, std::int64_t number) {
  char digits[24];
  char* first = digits + sizeof digits;
  *--first = '\0';
  do {
    *--first = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number > 0);
  write_text(fd, first);
}

void write_stack(int) {
  const int saved_errno = errno;
  const int fd = ::open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (fd >= 0) {
    const WorkPlace place = work_place();
    write_text(fd, "\nstep ");
    write_number(fd, place.step);
    write_text(fd, ", ");
    write_text(fd, to_string(place.phase));
    write_text(fd, place.waits ? ", waits for the others; training thread:\n" : "; training thread:\n");
    void* frames[most_frames];
    ::backtrace_symbols_fd(frames, ::backtrace(frames, most_frames), fd);
    ::close(fd);
  }
  errno = saved_errno;
}

}  // namespace

void write_stack_when_asked(const std::string& path) {
  if (path.empty() || path.size() >= sizeof file) return;
  std::memcpy(file, path.c_str(), path.size() + 1);
  void* frame[1];
  ::backtrace(frame, 1);  // loads what it needs, once
  struct sigaction action {};
  action.sa_handler = write_stack;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGUSR2, &action, nullptr);
}

}  // namespace tlaunch
