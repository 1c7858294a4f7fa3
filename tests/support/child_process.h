// Starts a program for a test and sees how it ends. Every process below it carries a mark in its environment, so that
// a test can count what is left.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace tlaunch::test {

struct Finished {
  int exit_code = -1;  // 128 + signal; -1: did not end in time (and was killed)
  std::string out, err;
  double seconds = 0;
};

class ChildProcess {
 public:
  // `input` is what the program reads from stdin, to its end. `read_output` false: stdout is a pipe nobody reads.
  explicit ChildProcess(const std::vector<std::string>& argv, const std::string& input = "", bool read_output = true);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }
  bool wait_for_output(const std::string& text, double timeout_s = 20);  // on stdout
  const std::string& out() const { return out_; }
  Finished wait(double timeout_s = 30);
  std::vector<pid_t> marked() const;  // live processes started by it, itself included
  bool all_gone(double timeout_s) const;

 private:
  bool pump(double timeout_s);  // false: both streams ended, or nothing came in time

  pid_t pid_ = -1;
  int out_fd_ = -1, err_fd_ = -1;
  bool read_output_, reaped_ = false;
  double started_s_ = 0;
  std::string mark_, out_, err_;
};

std::string driver();  // path of group_driver, which lies beside the running test
Finished run_driver(const std::vector<std::string>& arguments, const std::string& input = "");
double now_s();

}  // namespace tlaunch::test
