// Files of log-key sessions: one session a line, positive integers separated by spaces. Parsing and the vocabulary.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "data/dataset.h"

namespace tlaunch {

// Sessions with their keys as they stand in the file. Lines without a key are no sessions; CRLF and a missing last
// newline are fine. Throws DataError `path:line:column: ... (byte N)` at what is no key. `path` is for messages only.
SessionSet parse_sessions(std::span<const std::uint8_t> text, const std::string& path);

// The distinct keys, in ascending order.
std::vector<std::int32_t> distinct_keys(const SessionSet& sessions);

// Every key replaced by its position in `vocabulary` (ascending), -1 where it is not in there.
void number_keys(SessionSet& sessions, std::span<const std::int32_t> vocabulary);

// Sessions shorter than `length` lengthened to it with -1 at their end.
SessionSet lengthened(const SessionSet& sessions, std::int64_t length);

}  // namespace tlaunch
