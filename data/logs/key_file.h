// Files of log-key sessions: one session per line, positive integers separated by spaces. Parsing and the vocabulary.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "data/dataset.h"

namespace tlaunch {

// Sessions with the keys of the file. A line without keys is not a session; CRLF and a missing last newline are
// accepted. Throws DataError `path:line:column: ... (byte N)` at a word that is not a key. `path` is for messages only.
SessionSet parse_sessions(std::span<const std::uint8_t> text, const std::string& path);

// The distinct keys, in ascending order.
std::vector<std::int32_t> distinct_keys(const SessionSet& sessions);

// Replaces every key by its position in `vocabulary` (ascending), or by -1 if it is not in there.
void number_keys(SessionSet& sessions, std::span<const std::int32_t> vocabulary);

// A copy in which sessions shorter than `length` are padded to it with -1 at their end.
SessionSet lengthened(const SessionSet& sessions, std::int64_t length);

}  // namespace tlaunch
