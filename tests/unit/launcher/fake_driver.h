// The built programs with tests/unit/hardware/fake_nvml.cpp in place of the NVIDIA driver's library: two cards, on any
// machine. As long as the object lives.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

#include "tests/support/temp_dir.h"

namespace tlaunch::test {

class FakeDriver {
 public:
#ifdef TLAUNCH_FAKE_NVML
  static constexpr bool available = true;
  FakeDriver() {
    std::filesystem::create_symlink(TLAUNCH_FAKE_NVML, folder_ / "libnvidia-ml.so.1");
    if (const char* before = std::getenv("LD_LIBRARY_PATH")) path_before_ = before;
    ::setenv("LD_LIBRARY_PATH", (folder_.path().string() + (path_before_ ? ":" + *path_before_ : "")).c_str(), 1);
    ::setenv("FAKE_NVML_FREE", free_file().c_str(), 1);
    free_bytes(10'000'000'000);
  }
#else
  static constexpr bool available = false;
  FakeDriver() = default;
#endif
  ~FakeDriver() {
    if (path_before_)
      ::setenv("LD_LIBRARY_PATH", path_before_->c_str(), 1);
    else
      ::unsetenv("LD_LIBRARY_PATH");
    for (const char* name : {"FAKE_NVML_FREE", "FAKE_NVML", "FAKE_NVML_DRIVER", "CUDA_VISIBLE_DEVICES"})
      ::unsetenv(name);
  }
  FakeDriver(const FakeDriver&) = delete;
  FakeDriver& operator=(const FakeDriver&) = delete;

  void free_bytes(std::uint64_t bytes) const {  // of the first card, whose memory is 12 GB; in one step
    write(folder_ / "new", std::to_string(bytes));
    std::filesystem::rename(folder_ / "new", free_file());
  }
  void mode(const char* name) const { ::setenv("FAKE_NVML", name, 1); }
  void version(const char* text) const { ::setenv("FAKE_NVML_DRIVER", text, 1); }
  void visible(const char* devices) const { ::setenv("CUDA_VISIBLE_DEVICES", devices, 1); }

 private:
  std::filesystem::path free_file() const { return folder_ / "free"; }

  TempDir folder_;
  std::optional<std::string> path_before_;
};

}  // namespace tlaunch::test
