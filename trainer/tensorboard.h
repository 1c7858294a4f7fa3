// Scalars as a TensorBoard event file (records: u64 length, masked CRC32C of it, bytes, masked CRC32C of them).
// There is no C++ library for it in Debian; the protobuf of a scalar event is a few fields. Torch-free. One thread at a
// time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace tlaunch {

class AppendFile;

class TensorboardWriter {
 public:
  // Makes `dir` (its parent must be there) and an events.out.tfevents.<Unix seconds>.<host>.<pid> in it. Where a run
  // goes on from a checkpoint, give its step: what earlier files of `dir` hold beyond it is then no longer shown.
  // Throws IoError.
  explicit TensorboardWriter(const std::string& dir, std::optional<std::int64_t> resume_step = {});
  ~TensorboardWriter();
  void scalar(const std::string& tag, std::int64_t step, double value);  // written at once; throws IoError

 private:
  std::unique_ptr<AppendFile> file_;
};

}  // namespace tlaunch
