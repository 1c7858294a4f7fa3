#include "trainer/diagnosis/crash_record.h"

#include <execinfo.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "trainer/diagnosis/alternate_stack.h"
#include "trainer/diagnosis/handler_text.h"
#include "worker/run_phase.h"

namespace tlaunch {
namespace {

constexpr int most_frames = 24;
constexpr int own_frames = 2;  // not shown: this handler, and the frame that the kernel puts under it
int events = -1, rank_here = 0;

const char* words_of(int signal) {
  switch (signal) {
    case SIGSEGV: return "SIGSEGV (segmentation fault)";
    case SIGBUS: return "SIGBUS (bus error; a mapped file that shrank, or no room in /dev/shm)";
    case SIGFPE: return "SIGFPE (arithmetic error)";
    case SIGILL: return "SIGILL (illegal instruction)";
    default: return "SIGABRT (aborted)";
  }
}

void record(int signal) {  // the signal's action is the default again by now (SA_RESETHAND)
  const WorkPlace place = work_place();
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  HandlerText event;
  event.add("{\"t\":").add(now.tv_sec).add(",\"event\":\"failure\",\"rank\":").add(rank_here).add(",\"message\":\"");
  event.add(words_of(signal)).add(" in step ").add(place.step).add(", ").add(to_string(place.phase));
  event.add("\",\"exit_code\":").add(128 + signal).add(",\"out_of_memory\":false,\"step\":").add(place.step);
  event.add(",\"phase\":\"").add(to_string(place.phase)).add("\"}\n");
  if (events >= 0) event.write_to(events);
  HandlerText text;
  text.add("error: ")
      .add(words_of(signal))
      .add(" in step ")
      .add(place.step)
      .add(", ")
      .add(to_string(place.phase))
      .add("; stack:\n");
  text.write_to(STDERR_FILENO);
  void* frames[most_frames];
  const int count = ::backtrace(frames, most_frames);
  if (count > own_frames) ::backtrace_symbols_fd(frames + own_frames, count - own_frames, STDERR_FILENO);
  ::raise(signal);  // delivered when this handler returns; a fault would happen again by itself
}

}  // namespace

void record_crashes(int event_fd, int rank) {
  events = event_fd;
  rank_here = rank;
  void* frame[1];
  ::backtrace(frame, 1);  // the first call loads a library, which a handler must not do
  use_alternate_stack();
  struct sigaction action = {};
  action.sa_handler = record;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_ONSTACK);
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) ::sigaction(signal, &action, nullptr);
}

}  // namespace tlaunch
