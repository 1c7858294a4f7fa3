// The worker binary: where it is, and what it can do. `launch.worker` is an absolute or relative path (with a slash),
// or a name that is looked for beside tlaunch's own executable and then in PATH.
//
// Starting a worker costs its LibTorch's start-up (half a second); so its description is kept in
// $XDG_CACHE_HOME/tlaunch/describe-<hash>.json (default ~/.cache), the hash over the binary's content: right after a
// rebuild whatever the file's dates say. A cache that cannot be read is made again; one that cannot be written is done
// without.
#pragma once

#include <string>

#include "config/description.h"

namespace tlaunch {

// Absolute path of the worker. Throws UsageError that says where it was looked for.
std::string find_worker(const std::string& name);

// Throws UsageError with the worker's own output where it cannot describe itself.
WorkerDescription describe_worker(const std::string& path);

// The same, asked now and kept: a worker knows what its LibTorch was built for only where a GPU is, and the cache may
// have been made where none was.
WorkerDescription describe_worker_anew(const std::string& path);

// The file describe_worker keeps the description of this binary in; "" where there is no cache folder.
std::string describe_cache_path(const std::string& worker_path);

}  // namespace tlaunch
