// A small log data set in the HDFS files' form, made by rule: tests need no download.
#pragma once

#include <cstdint>

#include "tests/support/run_tlaunch.h"

namespace tlaunch::test {

// 300 normal sessions that walk a ring of 12 keys with some jumps, 60 test sessions each way; the abnormal ones hold a
// key never seen in training or run the ring backwards.
inline void write_sessions(const fs::path& dir) {
  fs::create_directories(dir);
  std::uint64_t state = 1;
  const auto draw = [&](int n) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<int>((state >> 33) % n);
  };
  const auto sessions = [&](int count, int step, bool unseen) {
    std::string text;
    for (int s = 0; s < count; ++s) {
      int key = draw(12);
      const int length = 14 + draw(20);
      for (int i = 0; i < length; ++i) {
        text += std::to_string(unseen && s % 2 == 0 && i == 12 ? 99 : key + 1) + " ";
        key = (key + step * (draw(8) == 0 ? 2 : 1) + 24) % 12;
      }
      text.back() = '\n';
    }
    return text;
  };
  write(dir / "hdfs_train", sessions(300, 1, false));
  write(dir / "hdfs_test_normal", sessions(60, 1, false));
  write(dir / "hdfs_test_abnormal", sessions(60, -1, true));
}

}  // namespace tlaunch::test
