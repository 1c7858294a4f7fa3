#include "processes/guard/signal_takeover.h"

#include <sys/signalfd.h>

#include <optional>

namespace tlaunch {

namespace {

sigset_t signals_to_take(std::initializer_list<int> more) {
  sigset_t taken;
  sigemptyset(&taken);
  const auto take = [&](int signal) {
    struct sigaction now = {};
    ::sigaction(signal, nullptr, &now);
    // nohup and a script's background jobs ignore signals on purpose. But SIGTERM and SIGUSR1 are how a cluster asks a
    // job to save, and nobody wants to miss that.
    const bool asks_to_save = signal == SIGTERM || signal == SIGUSR1;
    if (now.sa_handler != SIG_IGN || asks_to_save) sigaddset(&taken, signal);
  };
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1}) take(signal);
  for (const int signal : more) take(signal);
  return taken;
}

std::optional<sigset_t> mask_before_hold;  // the mask for processes that are started

}  // namespace

SignalHold::SignalHold() {
  const sigset_t held = signals_to_take({});
  ::sigprocmask(SIG_BLOCK, &held, &mask_before_hold.emplace());
}

SignalHold::~SignalHold() {
  const sigset_t held = signals_to_take({});
  const timespec at_once{};
  while (::sigtimedwait(&held, nullptr, &at_once) > 0) continue;
  ::sigprocmask(SIG_SETMASK, &*mask_before_hold, nullptr);
  mask_before_hold.reset();
}

SignalTakeover::SignalTakeover(std::initializer_list<int> more) {
  const sigset_t taken = signals_to_take(more);
  ::sigprocmask(SIG_BLOCK, &taken, &mask_before_);
  struct sigaction ignore = {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignore, &broken_pipe_before_);
  fd_ = Descriptor(::signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK));
}

SignalTakeover::~SignalTakeover() {
  while (next().signal != 0) continue;  // already answered; they must not be delivered again
  ::sigaction(SIGPIPE, &broken_pipe_before_, nullptr);
  ::sigprocmask(SIG_SETMASK, &mask_before_, nullptr);
}

SignalTakeover::Arrival SignalTakeover::next() {
  signalfd_siginfo info;
  if (::read(fd_.get(), &info, sizeof info) != static_cast<ssize_t>(sizeof info)) return {};
  const bool by_kernel = info.ssi_code == SI_KERNEL;
  return {static_cast<int>(info.ssi_signo), by_kernel, by_kernel ? 0 : static_cast<pid_t>(info.ssi_pid)};
}

const sigset_t& SignalTakeover::mask_before() const { return mask_before_hold ? *mask_before_hold : mask_before_; }

void SignalTakeover::stop_here(int signal) {
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, signal);
  ::raise(signal);
  ::sigprocmask(SIG_UNBLOCK, &one, nullptr);  // the process stops here
  ::sigprocmask(SIG_BLOCK, &one, nullptr);
}

}  // namespace tlaunch
