// Replaces a file that people edit, with a dated copy of the original beside it. Both writes are durable and atomic.
#pragma once

#include <ctime>
#include <string>

namespace tlaunch {

// Throws UsageError for an absent or write-protected file and IoError where the system refuses to look, or the folder
// takes no new file.
void check_replaceable(const std::string& path);

// `path` gets `content`; its permissions stay, and where it is a symbolic link the file it points to is replaced.
// `original` is what was read before: a file that holds something else by now is left alone (UsageError). Returns the
// path of the copy: beside the file, NAME.YYYYMMDD-HHMMSS.bak in local time `now`, with -2, -3, ... before .bak where
// that is taken. Throws UsageError for an absent or write-protected file and IoError where the system refuses; the
// file is then as it was, without a copy.
std::string replace_with_backup(const std::string& path, const std::string& original, const std::string& content,
                                std::time_t now);

}  // namespace tlaunch
