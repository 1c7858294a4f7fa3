// The worker binary: its place and its description. `launch.worker` is an absolute or relative path (with a slash), or
// a name that is searched beside tlaunch's own executable and then in PATH.
//
// Starting a worker costs the start-up of its LibTorch (half a second). Therefore its description is stored in
// $XDG_CACHE_HOME/tlaunch/describe-<hash>.json (default ~/.cache). The hash is over the binary's content, so it is
// right after a rebuild, whatever the dates of the file. A cache that cannot be read is made again; if it cannot be
// written, the worker is asked each time.
#pragma once

#include <string>

#include "config/description.h"

namespace tlaunch {

// Absolute path of the worker. Throws UsageError with the places that were searched.
std::string find_worker(const std::string& name);

// Throws UsageError with the worker's own output if it cannot describe itself.
WorkerDescription describe_worker(const std::string& path);

// The same without reading the cache; the answer is stored there. A worker knows the architectures of its LibTorch only
// on a machine with a GPU, and the cache may have been made on a machine without one.
WorkerDescription describe_worker_anew(const std::string& path);

// The file in which describe_worker() stores the description of this binary; "" if there is no cache folder.
std::string describe_cache_path(const std::string& worker_path);

}  // namespace tlaunch
