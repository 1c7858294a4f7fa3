#include "trainer/diagnosis/signal_thread.h"

#include <pthread.h>
#include <signal.h>

#include <system_error>
#include <thread>
#include <utility>

#include "base/error.h"
#include "base/text.h"

namespace tlaunch {

void take_signals(std::map<int, std::function<void(int)>> calls) {
  sigset_t taken;
  sigemptyset(&taken);
  for (const auto& [signal, call] : calls) sigaddset(&taken, signal);
  ::pthread_sigmask(SIG_BLOCK, &taken, nullptr);
  try {
    std::thread([taken, calls = std::move(calls)] {
      while (true)
        if (const int signal = ::sigwaitinfo(&taken, nullptr); signal > 0) calls.at(signal)(signal);
    }).detach();  // it ends with the process
  } catch (const std::system_error& error) {
    throw IoError(format_text(
        "cannot start the thread that handles signals: {}; raise the limit of processes (ulimit -u)", error.what()));
  }
}

}  // namespace tlaunch
