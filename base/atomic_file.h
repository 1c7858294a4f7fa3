// Files that are either the old or the new content, whatever happens: a new file under a temporary name in the same
// folder, checked writes, fsync, rename, fsync of the folder. Throws IoError naming the path and the system's reason;
// the temporary is removed on failure.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/file_calls.h"

namespace tlaunch {

// Called with a sink that appends bytes; may be called with any number of pieces.
using ByteSink = std::function<void(std::span<const std::byte>)>;

// As stat gives them. The file has them before it has its name; owner and group only where the system lets us.
struct FileAccess {
  unsigned mode = 0;  // permission bits
  unsigned owner = 0, group = 0;
};

// Without `access` the file gets those of any new file. `may_replace` false: IoError (EEXIST) where `path` is there
// when the file is done, whoever made it meanwhile.
void write_file_atomically(const std::string& path, const std::function<void(const ByteSink&)>& produce,
                           const FileAccess* access = nullptr, FileCalls& calls = system_calls(),
                           bool may_replace = true);
void write_file_atomically(const std::string& path, std::string_view content, const FileAccess* access = nullptr);

// A symbolic link `path` to `target` in the same folder, replaced in one move. Throws IoError.
void link_atomically(const std::string& path, const std::string& target, FileCalls& calls = system_calls());

// Removes the file and makes that durable; none there is no error. Throws IoError.
void remove_file(const std::string& path, FileCalls& calls = system_calls());

// What writers that were killed have left of `name`s for which `ours` holds: temporary files in `folder` whose process
// is gone. To be called before this process writes there. Returns how many it removed; what cannot be removed stays.
int sweep_temporaries(const std::string& folder, const std::function<bool(const std::string& name)>& ours,
                      FileCalls& calls = system_calls());

// The whole file; throws UsageError where it is absent and IoError where reading fails, or where it exceeds
// `limit_bytes`.
std::string read_file(const std::string& path, std::size_t limit_bytes);

}  // namespace tlaunch
