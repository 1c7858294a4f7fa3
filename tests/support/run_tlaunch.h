// For tests that drive the built programs as a user does: run tlaunch to its end, look at what it left.
#pragma once

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/support/temp_dir.h"

extern char** environ;

namespace tlaunch::test {

namespace fs = std::filesystem;

inline std::string variable(const char* name, const std::string& fallback) {
  const char* value = std::getenv(name);
  return value ? value : fallback;
}

// Where the sources and the built programs are: known from the build; the environment wins, for tests carried
// elsewhere.
#ifndef TLAUNCH_TEST_SOURCE_DIR
#define TLAUNCH_TEST_SOURCE_DIR "."
#define TLAUNCH_TEST_BIN_DIR "build/bin"
#endif
inline fs::path source_dir() { return variable("TLAUNCH_SOURCE_DIR", TLAUNCH_TEST_SOURCE_DIR); }
inline fs::path program(const std::string& name) {
  return fs::path(variable("TLAUNCH_BIN_DIR", TLAUNCH_TEST_BIN_DIR)) / name;
}

struct Outcome {
  int code = -1;  // exit code, or 128 + signal
  std::string out, err;
};

inline pid_t start(const std::vector<std::string>& argv, const fs::path& out, const fs::path& err) {
  std::vector<char*> pointers;
  for (const auto& word : argv) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_addopen(&actions, 2, err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  pid_t pid = -1;
  const int error = posix_spawn(&pid, pointers[0], &actions, nullptr, pointers.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw std::runtime_error("cannot start " + argv[0]);
  return pid;
}

inline int wait_code(pid_t pid) {
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

// `arguments` after the word tlaunch.
inline Outcome run_tlaunch(const std::vector<std::string>& arguments) {
  const TempDir captured;
  std::vector<std::string> argv{program("tlaunch").string()};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  Outcome outcome;
  outcome.code = wait_code(start(argv, captured / "out", captured / "err"));
  outcome.out = content(captured / "out");
  outcome.err = content(captured / "err");
  return outcome;
}

}  // namespace tlaunch::test
