// Scalars as a TensorBoard event file (records: u64 length, masked CRC32C of it, bytes, masked CRC32C of them).
// There is no C++ library for it in Debian; the protobuf of a scalar event is a few fields.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace tlaunch {

class TensorboardWriter {
 public:
  // Makes `dir` and an events.out.tfevents.<time>.<host>.<pid> in it. Throws IoError.
  explicit TensorboardWriter(const std::string& dir);
  ~TensorboardWriter();
  void scalar(const std::string& tag, std::int64_t step, double value);  // written at once; throws IoError

 private:
  int fd_ = -1;
};

}  // namespace tlaunch
