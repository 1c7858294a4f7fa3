// Shared by the data tests: a cache folder for the duration of a test, and messages of exceptions.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace tlaunch {

// Points XDG_CACHE_HOME at a folder for the duration of a test.
class CacheHome {
 public:
  explicit CacheHome(const std::string& folder) {
    if (const char* old = std::getenv("XDG_CACHE_HOME")) old_ = old;
    ::setenv("XDG_CACHE_HOME", folder.c_str(), 1);
  }
  ~CacheHome() {
    if (old_.empty()) {
      ::unsetenv("XDG_CACHE_HOME");
    } else {
      ::setenv("XDG_CACHE_HOME", old_.c_str(), 1);
    }
  }
  CacheHome(const CacheHome&) = delete;
  CacheHome& operator=(const CacheHome&) = delete;

 private:
  std::string old_;
};

// The message of the Error that `action` throws; fails the test if it throws none.
template <typename Error, typename Action>
std::string message_of(Action action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return "";
}

}  // namespace tlaunch
