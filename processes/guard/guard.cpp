#include "processes/guard/guard.h"

#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <set>
#include <string>

#include "base/error.h"
#include "base/text.h"
#include "processes/guard/process_tree.h"

namespace tlaunch {

namespace {

constexpr double end_limit_s = 60;  // the kernel may need this long to free the memory of killed processes

// Sets up a process that stands between `parent` and the workers.
void become_guard(const char* name, pid_t parent) {
  ::prctl(PR_SET_NAME, name);
  ::setpgid(0, 0);  // a group of its own: signals to the terminal's group, or to the other guard's, do not reach it
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  // In case another process also holds the write end of the lifeline.
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  ::signal(SIGCHLD, SIG_DFL);  // if it were ignored, the end of a child could not be seen
  sigset_t all;
  sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  if (::getppid() != parent) ::_exit(1);
}

Descriptor watched_signals() {
  sigset_t watched;
  sigemptyset(&watched);
  sigaddset(&watched, SIGCHLD);
  sigaddset(&watched, SIGTERM);
  return Descriptor(::signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK));
}

void drain(const Descriptor& signals) {
  signalfd_siginfo info;
  while (::read(signals.get(), &info, sizeof info) > 0) continue;
}

// What runs in the guard process.
class GuardLoop {
 public:
  GuardLoop(pid_t parent, Descriptor lifeline, Descriptor reports)
      : parent_(parent), lifeline_(std::move(lifeline)), reports_(std::move(reports)) {}

  [[noreturn]] void run(std::vector<SpawnRequest>& requests, int first_only) {
    become_guard("tlaunch-guard", parent_);
    signals_ = watched_signals();
    epoll_ = Descriptor(::epoll_create1(EPOLL_CLOEXEC));
    watch(signals_.get(), signals_tag);
    watch(lifeline_.get(), lifeline_tag);
    start_workers(requests, first_only);
    while (true) {
      handle_events();
      reap_others();
      if (running_ == 0) end_if_alone();
    }
  }

 private:
  struct Rank {
    pid_t pid = -1;            // -1: not started, or reaped
    Descriptor handle;         // pidfd; empty if the kernel has none (before 5.3)
    bool on_terminal = false;  // in the launcher's process group: the terminal's signals reach it directly
  };

  static constexpr std::uint64_t signals_tag = ~0ull, lifeline_tag = ~1ull;  // other tags are ranks: small numbers

  void watch(int fd, std::uint64_t tag) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = tag;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) ::_exit(1);
  }

  void start_workers(std::vector<SpawnRequest>& requests, int first_only) {
    ranks_.resize(requests.size());
    for (std::size_t rank = 0; rank < requests.size(); ++rank) {
      const SpawnResult result = spawn(requests[rank]);
      requests[rank].output.reset();
      requests[rank].error.reset();
      if (rank == 0 && first_only >= 0) ::close(first_only);
      if (result.error != 0) {
        report(GuardReport::not_started, static_cast<int>(rank), -1, result.error);
        break;
      }
      ranks_[rank].pid = result.pid;
      ranks_[rank].on_terminal = requests[rank].process_group != 0;
      ++running_;
      report(GuardReport::started, static_cast<int>(rank), result.pid, 0);
      ranks_[rank].handle = Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, result.pid, 0)));
      if (ranks_[rank].handle) watch(ranks_[rank].handle.get(), rank);
    }
  }

  void report(GuardReport::Kind kind, int rank, pid_t pid, int value) {
    const GuardReport report{kind, rank, pid, value};
    // If the launcher is gone, the lifeline shows it.
    [[maybe_unused]] const ssize_t written = ::write(reports_.get(), &report, sizeof report);
  }

  // The kernel returns ready descriptors in the order in which they became ready, so ranks are reported in the order of
  // their ends: the first failure comes before its victims. waitpid(-1) would return the oldest child first.
  void handle_events() {
    epoll_event events[64];
    const int count = ::epoll_wait(epoll_.get(), events, 64, -1);
    bool commands = false;
    for (int i = 0; i < count; ++i) {
      const std::uint64_t tag = events[i].data.u64;
      if (tag == lifeline_tag) {
        commands = true;
      } else if (tag == signals_tag) {
        drain(signals_);
        if (::getppid() != parent_) kill_all();
      } else if (ranks_[tag].pid > 0) {
        int status = 0;
        if (::waitpid(ranks_[tag].pid, &status, WNOHANG) > 0) rank_ended(ranks_[tag], status);
      }
    }
    if (commands) handle_commands();
  }

  void handle_commands() {
    unsigned char signals[16];
    const ssize_t count = ::read(lifeline_.get(), signals, sizeof signals);
    if (count <= 0) kill_all();  // the launcher is dead
    for (ssize_t i = 0; i < count; ++i) {
      switch (signals[i]) {
        case SIGKILL: kill_all();
        case SIGTSTP:
        case SIGSTOP: pause(signals[i]); break;
        case SIGCONT: resume(); break;
        default: pass_on(signals[i]);
      }
    }
  }

  void pass_on(int signal) {
    std::set<pid_t> live;
    for (const Rank& rank : ranks_) {
      if (rank.pid > 0) {
        live.insert(rank.pid);
        ::kill(rank.pid, signal);
      }
    }
    // A live rank ends the processes below it itself: a loader process that we killed under its trainer would only make
    // the trainer fail while it saves.
    for (const pid_t pid : descendants_of(::getpid(), live)) ::kill(pid, signal);
  }

  // Stops every process below, at any depth: each would continue to compute.
  void pause(int signal) {
    std::set<pid_t> knows;
    for (const Rank& rank : ranks_)
      if (signal == SIGTSTP && rank.on_terminal && rank.pid > 0) knows.insert(rank.pid);
    constexpr int rounds = 5;  // a process may fork between being listed and being stopped
    for (int round = 0, found = 1; round < rounds && found > 0; ++round) {
      found = 0;
      for (const pid_t pid : descendants_of(::getpid(), knows)) {
        // A process that somebody else stopped must stay stopped when the others continue.
        if (std::strchr("TtZX", state_of(pid)) || paused_.contains(pid) || ::kill(pid, SIGSTOP) != 0) continue;
        paused_.insert(pid);
        ++found;
      }
    }
  }

  void resume() {
    for (const pid_t pid : descendants_of(::getpid()))
      if (paused_.contains(pid)) ::kill(pid, SIGCONT);
    paused_.clear();
  }

  void rank_ended(Rank& rank, int status) {
    report(GuardReport::ended, static_cast<int>(&rank - ranks_.data()), rank.pid, status);
    rank.pid = -1;
    rank.handle.reset();
    --running_;
  }

  // Reaps inherited orphans, and ranks on a kernel without pidfd.
  void reap_others() {
    for (;;) {
      siginfo_t info = {};  // si_pid stays 0 if nobody has ended
      if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) return;
      const auto rank = std::find_if(ranks_.begin(), ranks_.end(), [&](const Rank& r) { return r.pid == info.si_pid; });
      if (rank != ranks_.end() && rank->handle) return;  // its handle reports it in its turn; the others come after it
      int status = 0;
      ::waitpid(info.si_pid, &status, 0);
      if (rank != ranks_.end()) rank_ended(*rank, status);
    }
  }

  void end_if_alone() {
    siginfo_t info;
    if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 && errno == ECHILD) ::_exit(0);
    if (!left_over_reported_) {
      left_over_reported_ = true;
      const auto left = descendants_of(::getpid());
      report(GuardReport::left_over, -1, left.empty() ? -1 : left.front(), static_cast<int>(left.size()));
    }
  }

  [[noreturn]] void kill_all() {
    kill_descendants({}, [this](pid_t pid, int status) {
      const auto rank = std::find_if(ranks_.begin(), ranks_.end(), [&](const Rank& r) { return r.pid == pid; });
      if (rank != ranks_.end()) rank_ended(*rank, status);
    });
    ::_exit(0);
  }

  pid_t parent_;
  Descriptor lifeline_, reports_, signals_, epoll_;
  std::vector<Rank> ranks_;
  std::set<pid_t> paused_;
  int running_ = 0;
  bool left_over_reported_ = false;
};

constexpr double guard_first_s = 2;  // the guard's time to do its work before its own guard does

// What runs in the guard's own guard: it waits until the guard is done. If the guard is killed, its orphans become
// children of this process; if the launcher is gone too, nobody else would end them.
[[noreturn]] void guard_the_guard(pid_t launcher, pid_t guard, const Descriptor& lifeline) {
  const Descriptor signals = watched_signals();
  const auto kill_all = [] {
    kill_descendants({}, [](pid_t, int) {});
    ::_exit(1);
  };
  for (;;) {
    std::array<pollfd, 2> waits{{{signals.get(), POLLIN, 0}, {lifeline.get(), 0, 0}}};  // 0: only its end counts
    ::poll(waits.data(), waits.size(), -1);
    drain(signals);
    if (waits[1].revents != 0 || ::getppid() != launcher) {
      // The guard sees this as well and does the work. We must not kill it first: if somebody killed us halfway, nobody
      // would be left to continue.
      (void)wait_for_child(guard, guard_first_s);
      kill_all();
    }
    int status = 0;
    if (::waitpid(guard, &status, WNOHANG) != guard) continue;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) ::_exit(0);
    kill_all();
  }
}

}  // namespace

Guard::Guard(std::vector<SpawnRequest>& requests, int first_only, const std::vector<int>& ours) {
  Pipe lifeline = make_pipe(), reports = make_pipe();
  const pid_t launcher = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0) throw IoError(format_text("cannot start the guard process: {}", std::strerror(errno)));
  if (pid_ == 0) {
    lifeline.write.reset();
    reports.read.reset();
    for (const int fd : ours) ::close(fd);
    // Its name differs from ours, so that `pkill -9 tlaunch` spares it.
    become_guard("rank-guard", launcher);
    const pid_t parent = ::getpid(), guard = ::fork();
    if (guard < 0) {
      const GuardReport none{GuardReport::not_started, 0, -1, errno};
      [[maybe_unused]] const ssize_t written = ::write(reports.write.get(), &none, sizeof none);
      ::_exit(0);
    }
    if (guard == 0) GuardLoop(parent, std::move(lifeline.read), std::move(reports.write)).run(requests, first_only);
    requests.clear();
    if (first_only >= 0) ::close(first_only);
    guard_the_guard(launcher, guard, lifeline.read);
  }
  lifeline_ = std::move(lifeline.write);
  reports_ = std::move(reports.read);
  set_nonblocking(lifeline_.get());
  set_nonblocking(reports_.get());
}

bool Guard::next_report(GuardReport& report) {
  if (gone_) return false;
  // A report is far smaller than PIPE_BUF, so it arrives complete or not at all.
  const ssize_t size = ::read(reports_.get(), &report, sizeof report);
  if (size == 0) gone_ = true;
  return size == static_cast<ssize_t>(sizeof report);
}

void Guard::send(int signal) const {
  const auto command = static_cast<unsigned char>(signal);
  // Fails if the guard is gone; then there is nobody to pass the signal on.
  [[maybe_unused]] const ssize_t written = ::write(lifeline_.get(), &command, 1);
}

Guard::~Guard() {
  lifeline_.reset();
  if (pid_ > 0) wait();
}

bool Guard::wait() {
  const auto status = wait_for_child(pid_, end_limit_s);
  pid_ = -1;
  return status && WIFEXITED(*status) && WEXITSTATUS(*status) == 0;
}

}  // namespace tlaunch
