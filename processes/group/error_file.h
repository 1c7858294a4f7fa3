// The file in which a rank reports its failure: TORCHELASTIC_ERROR_FILE, written by torch.distributed.elastic's
// @record.
//   {"message": {"message": "ValueError: ...", "extraInfo": {"py_callstack": "...", "timestamp": "..."}}}
// or {"message": "text"}. A file of another kind counts as empty.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/descriptor.h"

namespace tlaunch {

// A rank writes it and we read it: a file beside the log, or one in memory, which never stays behind, however the
// launcher ends.
struct ErrorFile {
  std::string path;
  Descriptor memory = {};
};

// `path` "": a file in memory. Throws IoError.
ErrorFile make_error_file(const std::string& path);

// Its message, as clean text of one line and at most 500 bytes; "" if there is none.
std::string error_message(const std::string& path);

// When it was written, in nanoseconds of the system's clock; empty if it was not.
std::optional<std::int64_t> error_time_ns(const std::string& path);

}  // namespace tlaunch
