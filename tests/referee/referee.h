// For C++ tests that ask PyTorch: writes files for Python, and runs a program of tests/referee with .venv's Python (or
// the one in TLAUNCH_PYTHON).
#pragma once

#include <sys/wait.h>
#include <torch/types.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "checkpoint/safetensors/safetensors.h"

namespace tlaunch::referee {

// Tensors of a test case. write() adds `about`, which Python needs to repeat the case, as metadata "referee".
class CaseFile {
 public:
  void add(const std::string& name, const torch::Tensor& tensor) {
    tensors_.emplace_back(name, tensor.detach().cpu().contiguous().clone());
  }

  void write(const std::string& path, const Json& about) const {
    std::vector<TensorView> views;
    for (const auto& [name, tensor] : tensors_) {
      views.push_back({name,
                       dtype_name(tensor.scalar_type()),
                       tensor.sizes().vec(),
                       {static_cast<const std::byte*>(tensor.const_data_ptr()), tensor.nbytes()}});
    }
    write_safetensors(path, views, {{"referee", about.dump()}});
  }

 private:
  static const char* dtype_name(torch::Dtype dtype) {
    if (dtype == torch::kFloat64) return "F64";
    if (dtype == torch::kFloat32) return "F32";
    if (dtype == torch::kInt64) return "I64";
    throw std::logic_error("referee::CaseFile: this dtype is not supported");
  }
  std::vector<std::pair<std::string, torch::Tensor>> tensors_;
};

inline constexpr int cannot_run = 77;  // see skip.py

struct Verdict {
  int exit_code = 0;
  std::string output;
};

inline Verdict ask(const std::string& program, const std::vector<std::string>& arguments) {
  const char* source = std::getenv("TLAUNCH_SOURCE_DIR");
  if (!source) return {cannot_run, "TLAUNCH_SOURCE_DIR is not set; run this test with ctest"};
  const char* chosen = std::getenv("TLAUNCH_PYTHON");
  const std::string python = chosen ? chosen : std::string(source) + "/.venv/bin/python";
  if (access(python.c_str(), X_OK) != 0) return {cannot_run, python + " not found"};
  std::string command = "'" + python + "' '" + source + "/tests/referee/" + program + "'";
  for (const std::string& argument : arguments) command += " '" + argument + "'";
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  if (!pipe) throw std::runtime_error("popen: " + command);
  Verdict verdict;
  char buffer[4096];
  while (const std::size_t count = fread(buffer, 1, sizeof buffer, pipe)) verdict.output.append(buffer, count);
  const int status = pclose(pipe);
  verdict.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return verdict;
}

}  // namespace tlaunch::referee
