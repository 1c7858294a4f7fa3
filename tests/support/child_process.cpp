#include "tests/support/child_process.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "tests/support/temp_dir.h"

namespace tlaunch::test {

double now_s() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

ChildProcess::ChildProcess(const std::vector<std::string>& argv, const std::string& input, bool read_output)
    : read_output_(read_output), started_s_(now_s()) {
  static int counter = 0;
  mark_ = "TLAUNCH_TEST_MARK=" + std::to_string(::getpid()) + "_" + std::to_string(++counter) + "_";
  int in[2], out[2], err[2];
  if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0 || ::pipe2(err, O_CLOEXEC) != 0) std::abort();
  pid_ = ::fork();
  if (pid_ == 0) {
    ::dup2(in[0], 0);
    ::dup2(out[1], 1);
    ::dup2(err[1], 2);
    ::putenv(mark_.data());
    std::vector<char*> pointers;
    for (const auto& argument : argv) pointers.push_back(const_cast<char*>(argument.c_str()));
    pointers.push_back(nullptr);
    ::execvp(pointers[0], pointers.data());
    ::_exit(127);
  }
  ::close(in[0]);
  ::close(out[1]);
  ::close(err[1]);
  [[maybe_unused]] const ssize_t written = ::write(in[1], input.data(), input.size());
  ::close(in[1]);
  out_fd_ = out[0];
  err_fd_ = err[0];
}

ChildProcess::~ChildProcess() {
  if (!reaped_) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  if (out_fd_ >= 0) ::close(out_fd_);
  if (err_fd_ >= 0) ::close(err_fd_);
}

bool ChildProcess::pump(double timeout_s) {
  pollfd waits[] = {{read_output_ ? out_fd_ : -1, POLLIN, 0}, {err_fd_, POLLIN, 0}};
  if ((waits[0].fd < 0 && waits[1].fd < 0) || timeout_s <= 0) return false;
  if (::poll(waits, 2, static_cast<int>(timeout_s * 1000) + 1) <= 0) return false;
  static char bytes[65536];
  const auto take = [](const pollfd& wait, int& fd, std::string& text) {
    if (wait.revents == 0) return;
    const ssize_t size = ::read(fd, bytes, sizeof bytes);
    if (size > 0) {
      text.append(bytes, static_cast<std::size_t>(size));
    } else {
      ::close(fd);
      fd = -1;
    }
  };
  take(waits[0], out_fd_, out_);
  take(waits[1], err_fd_, err_);
  return true;
}

bool ChildProcess::wait_for_output(const std::string& text, double timeout_s) {
  const double end_s = now_s() + timeout_s;
  while (out_.find(text) == std::string::npos) {
    if (!pump(end_s - now_s())) return false;
  }
  return true;
}

Finished ChildProcess::wait(double timeout_s) {
  const double end_s = now_s() + timeout_s;
  while (pump(end_s - now_s())) continue;
  Finished finished;
  int status = 0;
  const bool in_time = now_s() < end_s;
  if (!in_time) ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) continue;
  reaped_ = true;
  finished.seconds = now_s() - started_s_;
  if (in_time) finished.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  finished.out = out_;
  finished.err = err_;
  return finished;
}

std::vector<pid_t> ChildProcess::marked() const {
  std::vector<pid_t> found;
  DIR* folder = ::opendir("/proc");
  while (const dirent* entry = ::readdir(folder)) {
    const pid_t pid = static_cast<pid_t>(std::atol(entry->d_name));
    // A zombie's environment is empty.
    if (pid > 0 && content("/proc/" + std::to_string(pid) + "/environ").find(mark_) != std::string::npos) {
      found.push_back(pid);
    }
  }
  ::closedir(folder);
  return found;
}

bool ChildProcess::all_gone(double timeout_s) const {
  for (const double end_s = now_s() + timeout_s; now_s() < end_s; ::poll(nullptr, 0, 5)) {
    if (marked().empty()) return true;
  }
  return marked().empty();
}

std::string driver() { return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "group_driver"; }

Finished run_driver(const std::vector<std::string>& arguments, const std::string& input) {
  std::vector<std::string> argv{driver()};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return ChildProcess(argv, input).wait();
}

}  // namespace tlaunch::test
