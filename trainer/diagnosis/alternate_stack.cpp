#include "trainer/diagnosis/alternate_stack.h"

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <new>

namespace tlaunch {
namespace {

constexpr long least_bytes = 64 * 1024;  // backtrace() and the text of a record

class AlternateStack {
 public:
  AlternateStack() : bytes_(static_cast<std::size_t>(std::max(least_bytes, ::sysconf(_SC_SIGSTKSZ)))) {
    memory_ = ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory_ == MAP_FAILED) return;
    stack_t stack{};
    stack.ss_sp = memory_;
    stack.ss_size = bytes_;
    ::sigaltstack(&stack, nullptr);
  }
  ~AlternateStack() {
    if (memory_ == MAP_FAILED) return;
    stack_t none{};
    none.ss_flags = SS_DISABLE;
    ::sigaltstack(&none, nullptr);
    ::munmap(memory_, bytes_);
  }
  AlternateStack(const AlternateStack&) = delete;
  AlternateStack& operator=(const AlternateStack&) = delete;

 private:
  std::size_t bytes_;
  void* memory_;
};

struct ThreadStart {
  void* (*function)(void*);
  void* argument;
};

void* start_with_alternate_stack(void* given) {
  const ThreadStart start = *std::unique_ptr<ThreadStart>(static_cast<ThreadStart*>(given));
  use_alternate_stack();
  return start.function(start.argument);
}

}  // namespace

void use_alternate_stack() { thread_local const AlternateStack stack; }

}  // namespace tlaunch

extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*function)(void*),
                              void* argument) noexcept {
  using Create = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  static const auto create = reinterpret_cast<Create>(::dlsym(RTLD_NEXT, "pthread_create"));
  auto* start = new (std::nothrow) tlaunch::ThreadStart{function, argument};
  if (!start) return EAGAIN;
  const int error = create(thread, attributes, tlaunch::start_with_alternate_stack, start);
  if (error != 0) delete start;
  return error;
}
