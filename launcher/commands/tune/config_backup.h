// Replaces a file that people edit, with a dated copy of the original beside it. Both writes are durable and atomic.
#pragma once

#include <ctime>
#include <string>

namespace tlaunch {

// Throws UsageError if the file is absent or write-protected, IoError if the system refuses access or no new file can
// be made in the folder.
void check_replaceable(const std::string& path);

// Writes `content` to `path`, with the same permissions. If `path` is a symbolic link, the file it points to is
// replaced. `original` is the content that was read before: if the file holds something else by now, it is left alone
// (UsageError). Returns the path of the copy: beside the file, NAME.YYYYMMDD-HHMMSS.bak in local time `now`, with -2,
// -3, ... before .bak if that name is taken. Throws UsageError for an absent or write-protected file, IoError if the
// system refuses; the file is then unchanged, and there is no copy.
std::string replace_with_backup(const std::string& path, const std::string& original, const std::string& content,
                                std::time_t now);

}  // namespace tlaunch
