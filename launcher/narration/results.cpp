#include "launcher/narration/results.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "base/error.h"
#include "base/sigpipe_held.h"
#include "base/text.h"
#include "processes/output/say.h"

namespace tlaunch {
namespace {

[[noreturn]] void refuse(int error) {
  if (error == EPIPE) throw Error(exit_code::signal_base + SIGPIPE, "");
  throw IoError(format_text("cannot write the results to standard output: {}", std::strerror(error)), error);
}

}  // namespace

void print_results(std::string_view text) {
  const SigpipeHeld held;
  while (!text.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EAGAIN) {  // another process made it non-blocking
      pollfd writable{STDOUT_FILENO, POLLOUT, 0};
      ::poll(&writable, 1, -1);
      continue;
    }
    if (written < 0) refuse(errno);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  // A network disk may report only at close() that it is full.
  if (const int copy = ::dup(STDOUT_FILENO); copy >= 0 && ::close(copy) != 0 && errno != EINTR) refuse(errno);
}

int print_results(std::string_view text, int exit_code) {
  try {
    print_results(text);
  } catch (const Error& error) {
    if (exit_code == exit_code::ok) throw;
    if (*error.what() != '\0') say(format_text("tlaunch: {}", error.what()));
  }
  return exit_code;
}

}  // namespace tlaunch
