// Scalars as a TensorBoard event file (records: u64 length, masked CRC32C of it, bytes, masked CRC32C of them).
// There is no C++ library for it in Debian; the protobuf of a scalar event is a few fields. Torch-free. One thread at a
// time.
#pragma once

#include <cstdint>
#include <string>

#include "base/patient_file.h"

namespace tlaunch {

class TensorboardWriter {
 public:
  // Writes to DIR/events.out.tfevents.<Unix seconds>.<host>.<pid>, and makes `dir` (its parent must exist). TensorBoard
  // then no longer shows scalars of earlier files in `dir` beyond `resume_step`, because this run writes them again. An
  // error is reported, and the file is tried again (base/patient_file.h).
  TensorboardWriter(const std::string& dir, std::int64_t resume_step, PatientFile::Tell tell);
  void scalar(const std::string& tag, std::int64_t step, double value);  // written at once
  // After the last scalar: tries again to write the scalars that wait for room. Returns how many the file lacks.
  std::int64_t finish() { return file_.finish(); }

 private:
  PatientFile file_;
};

}  // namespace tlaunch
