// Writes files that have either the old or the new content, even after a crash: a new file under a temporary name in
// the same folder, checked writes, fsync, rename, fsync of the folder. Throws IoError with the path and the system's
// reason; the temporary is removed on failure.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/file_calls.h"

namespace tlaunch {

// Appends bytes to the file; may be called any number of times.
using ByteSink = std::function<void(std::span<const std::byte>)>;

// As in stat. The file gets them before its name; owner and group only if the system allows it.
struct FileAccess {
  unsigned mode = 0;  // permission bits
  unsigned owner = 0, group = 0;
};

// Without `access` the file gets the access of any new file. `may_replace` false: IoError (EEXIST) if `path` exists
// when the file is complete.
void write_file_atomically(const std::string& path, const std::function<void(const ByteSink&)>& produce,
                           const FileAccess* access = nullptr, FileCalls& calls = system_calls(),
                           bool may_replace = true);
void write_file_atomically(const std::string& path, std::string_view content, const FileAccess* access = nullptr);

// A symbolic link `path` to `target` in the same folder, replaced in one move. Throws IoError.
void link_atomically(const std::string& path, const std::string& target, FileCalls& calls = system_calls());

// Removes the file durably. It is not an error if there is none. Throws IoError.
void remove_file(const std::string& path, FileCalls& calls = system_calls());

// Deletes temporary files that killed writers left in `folder`, if `ours` accepts the name of their target. A file is
// deleted only if its writer's process is gone. Call it before this process writes there. Returns the number of deleted
// files; files that cannot be deleted stay.
int sweep_temporaries(const std::string& folder, const std::function<bool(const std::string& name)>& ours,
                      FileCalls& calls = system_calls());

// The size limit of files that are read whole: configs, plans, summaries, caches. They take some kB.
inline constexpr std::size_t small_file_bytes = std::size_t{1} << 20;

// Reads the whole file. Throws UsageError if it does not exist, IoError if reading fails or it exceeds `limit_bytes`.
std::string read_file(const std::string& path, std::size_t limit_bytes);

}  // namespace tlaunch
