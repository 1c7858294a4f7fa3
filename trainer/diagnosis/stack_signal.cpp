#include "trainer/diagnosis/stack_signal.h"

#include <execinfo.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>

#include "trainer/diagnosis/alternate_stack.h"
#include "trainer/diagnosis/handler_text.h"
#include "worker/run_phase.h"

namespace tlaunch {
namespace {

constexpr int most_frames = 64;
// Writing a stack takes milliseconds of the training thread: a flood of requests must not stop the training.
constexpr std::chrono::milliseconds least_interval(20);
char file[4096];  // an array, because the handler must not allocate
pid_t training_thread = 0;
std::uintptr_t stack_begin = 0, stack_end = 0;  // of the training thread

// The signal thread takes the launcher's SIGUSR2 and sends this one to the training thread.
int own_signal() { return SIGRTMIN + 3; }

struct Place {
  std::uintptr_t code = 0, stack = 0;
};

Place interrupted_at(const void* context) {
  const mcontext_t& machine = static_cast<const ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
  return {static_cast<std::uintptr_t>(machine.gregs[REG_RIP]), static_cast<std::uintptr_t>(machine.gregs[REG_RSP])};
#elif defined(__aarch64__)
  return {machine.pc, machine.sp};
#endif
}

// backtrace() follows the stack pointer, which some kernels use as a work register.
void write_frames(const Place& place, int fd) {
  void* frames[most_frames];
  if (place.stack >= stack_begin && place.stack < stack_end) {
    ::backtrace_symbols_fd(frames, ::backtrace(frames, most_frames), fd);
    return;
  }
  HandlerText().add("no stack: the code that runs uses the stack pointer as a work register; it is at\n").write_to(fd);
  frames[0] = reinterpret_cast<void*>(place.code);
  ::backtrace_symbols_fd(frames, 1, fd);
}

// Only calls that POSIX allows in a handler, and backtrace(), which is safe after its first call.
void write_stack(int, siginfo_t*, void* context) {
  const int saved_errno = errno;
  const int fd = ::open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (fd >= 0) {
    const WorkPlace place = work_place();
    HandlerText head;
    head.add("\nstep ").add(place.step).add(", ").add(to_string(place.phase));
    head.add(place.waits ? ", waits for the others; training thread:\n" : "; training thread:\n").write_to(fd);
    write_frames(interrupted_at(context), fd);
    ::close(fd);
  }
  errno = saved_errno;
}

void note_own_stack() {
  pthread_attr_t attributes;
  if (::pthread_getattr_np(::pthread_self(), &attributes) != 0) return;
  void* begin = nullptr;
  std::size_t bytes = 0;
  if (::pthread_attr_getstack(&attributes, &begin, &bytes) == 0) {
    stack_begin = reinterpret_cast<std::uintptr_t>(begin);
    stack_end = stack_begin + bytes;
  }
  ::pthread_attr_destroy(&attributes);
}

}  // namespace

void prepare_stack_file(const std::string& path) {
  if (path.size() >= sizeof file) return;
  std::memcpy(file, path.c_str(), path.size() + 1);
  training_thread = ::gettid();
  note_own_stack();
  use_alternate_stack();
  void* frame[1];
  ::backtrace(frame, 1);  // the first call loads a library, which a handler must not do
  struct sigaction action = {};
  action.sa_sigaction = write_stack;
  action.sa_flags = SA_RESTART | SA_ONSTACK | SA_SIGINFO;
  ::sigaction(own_signal(), &action, nullptr);
}

void ask_for_stack() {
  using Clock = std::chrono::steady_clock;
  static Clock::time_point next{};
  const auto now = Clock::now();
  if (training_thread == 0 || now < next) return;
  next = now + least_interval;
  ::syscall(SYS_tgkill, ::getpid(), training_thread, own_signal());
}

}  // namespace tlaunch
