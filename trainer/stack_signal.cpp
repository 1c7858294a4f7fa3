#include "trainer/stack_signal.h"

#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "trainer/handler_text.h"
#include "trainer/run_phase.h"

namespace tlaunch {
namespace {

constexpr int most_frames = 64;
char file[4096];  // of the handler, which may allocate nothing

// The only calls below are those that POSIX allows in a handler, and backtrace(), which is one after its first call.
void write_stack(int) {
  const int saved_errno = errno;
  const int fd = ::open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (fd >= 0) {
    const WorkPlace place = work_place();
    HandlerText head;
    head.add("\nstep ").add(place.step).add(", ").add(to_string(place.phase));
    head.add(place.waits ? ", waits for the others; training thread:\n" : "; training thread:\n").write_to(fd);
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
