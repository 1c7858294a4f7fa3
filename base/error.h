// Errors that a user can act on: exceptions that carry the exit code of the process and say what is wrong, where, and
// what to do. Any other std::exception is a bug and ends with exit code 1.
#pragma once

#include <stdexcept>
#include <string>

namespace tlaunch {

namespace exit_code {
inline constexpr int ok = 0;
inline constexpr int failure = 1;
inline constexpr int usage = 2;       // usage, config or preflight
inline constexpr int bad_data = 65;   // data or checkpoint is bad (EX_DATAERR)
inline constexpr int io = 74;         // saving gave up (EX_IOERR)
inline constexpr int preempted = 75;  // SIGTERM or USR1, saved (EX_TEMPFAIL)
inline constexpr int hang = 124;
inline constexpr int interrupted = 130;  // Ctrl-C
inline constexpr int signal_base = 128;  // + signal number
}  // namespace exit_code

class Error : public std::runtime_error {
 public:
  Error(int code, const std::string& message) : std::runtime_error(message), code_(code) {}
  int code() const { return code_; }

 private:
  int code_;
};

// Wrong arguments, config or environment: exit 2.
struct UsageError : Error {
  explicit UsageError(const std::string& message) : Error(exit_code::usage, message) {}
};

// A data set or checkpoint is damaged or of the wrong kind: exit 65. The message names file and offset.
struct DataError : Error {
  explicit DataError(const std::string& message) : Error(exit_code::bad_data, message) {}
};

// The operating system refused a write or read that must succeed: exit 74.
struct IoError : Error {
  // `system_error`: the errno; 0: unknown.
  explicit IoError(const std::string& message, int system_error = 0)
      : Error(exit_code::io, message), system_error(system_error) {}
  int system_error;
};

}  // namespace tlaunch
