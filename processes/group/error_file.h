// The file in which a rank tells of its failure: TORCHELASTIC_ERROR_FILE, written by torch.distributed.elastic's
// @record.
//   {"message": {"message": "ValueError: ...", "extraInfo": {"py_callstack": "...", "timestamp": "..."}}}
// or {"message": "text"}. A file of another kind tells nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/descriptor.h"

namespace tlaunch {

// Where a rank writes and we read: a file beside its log, or one in memory, which leaves nothing behind however the
// launcher ends.
struct ErrorFile {
  std::string path;
  Descriptor memory = {};
};

// `path` "": a file in memory. Throws IoError.
ErrorFile make_error_file(const std::string& path);

// What it says, as clean text of one line and at most 500 bytes; "" where nothing was told.
std::string error_message(const std::string& path);

// When it was written, in nanoseconds of the system's clock; nothing where it was not.
std::optional<std::int64_t> error_time_ns(const std::string& path);

}  // namespace tlaunch
