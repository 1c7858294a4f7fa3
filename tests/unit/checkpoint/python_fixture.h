// Tests that use the project's Python; they skip if it is not installed.
#pragma once

#include <gtest/gtest.h>

#include "tests/unit/checkpoint/fixture.h"

namespace tlaunch::test {

class PythonTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto python = venv_python();
    if (!python) GTEST_SKIP() << "no .venv/bin/python in TLAUNCH_SOURCE_DIR";
    python_ = *python;
  }
  // The script gets `argument`, or the test's folder if none is given.
  Output run(const std::string& script, const std::string& argument = "") const {
    return run_python(python_, dir_ / "script.py", script, argument.empty() ? dir_.path().string() : argument);
  }
  const TempDir dir_;

 private:
  std::string python_;
};

}  // namespace tlaunch::test
