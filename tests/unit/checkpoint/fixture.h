// Shared by the checkpoint tests: the names in a folder, files built by hand, a small checkpoint, and Python.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "checkpoint/safetensors/safetensors.h"
#include "tests/support/temp_dir.h"

namespace tlaunch::test {

inline std::vector<std::string> names(const TempDir& dir) {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(dir.path())) found.push_back(entry.path().filename());
  return found;
}

// A complete file from the text of its header: length, header, data.
inline std::string file_of(const std::string& header, const std::string& data = "") {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(header.size() >> (8 * i) & 0xff);
  return bytes + header + data;
}

// Tensors of four widths, one of them empty, one a scalar. The views are of this object's data.
struct SmallCheckpoint {
  std::vector<double> moment{0.5, -0.25};
  std::vector<float> weight{1, 2, 3, 4, 5, 6};
  std::vector<std::uint16_t> half{0x3f80, 0xc000, 0x7f80};  // bf16: 1, -2, infinity
  std::vector<std::uint8_t> random{7, 0, 255};
  std::int64_t count = -3;
  Metadata metadata{{"tlaunch.step", "12"}, {"tlaunch.epoch", "3"}, {"tlaunch.metrics", R"({"val_loss":0.5})"}};

  std::vector<TensorView> views() const {
    const auto bytes = [](const auto& values) { return std::as_bytes(std::span(values)); };
    return {{"tlaunch.rng.0", "U8", {3}, bytes(random)},
            {"fc.weight", "F32", {2, 3}, bytes(weight)},
            {"fc.bias", "F32", {0}, {}},
            {"bn.num_batches_tracked", "I64", {}, std::as_bytes(std::span(&count, 1))},
            {"fc.half", "BF16", {3}, bytes(half)},
            {"tlaunch.optimizer.exp_avg.fc", "F64", {2, 1}, bytes(moment)}};
  }
};

struct Output {
  int exit_code;
  std::string text;  // stdout and stderr
};

// The project's Python, or nothing if it is not installed.
inline std::optional<std::string> venv_python() {
  const char* source_dir = std::getenv("TLAUNCH_SOURCE_DIR");
  if (!source_dir) return {};
  const std::string python = std::string(source_dir) + "/.venv/bin/python";
  if (::access(python.c_str(), X_OK) != 0) return {};
  return python;
}

inline Output run_python(const std::string& python, const std::string& script_path, const std::string& script,
                         const std::string& argument) {
  write(script_path, script);
  FILE* pipe = ::popen((python + " " + script_path + " " + argument + " 2>&1").c_str(), "r");
  if (!pipe) return {-1, "popen failed"};
  std::string text;
  char piece[4096];
  for (std::size_t got; (got = std::fread(piece, 1, sizeof piece, pipe)) > 0;) text.append(piece, got);
  const int status = ::pclose(pipe);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, text};
}

}  // namespace tlaunch::test
