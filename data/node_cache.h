// Decoded bytes shared by all processes of a node: the first process that needs a file's decoded bytes writes them to a
// cache folder, and all processes map that one copy. Falls back to private memory if the folder cannot be written or
// the disk has less than twice the bytes free. A cache file that fails its checks is made again. The folder may be
// deleted at any time.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "data/byte_region.h"

namespace tlaunch {

struct CachedBytes {
  ByteRegion region;
  std::string private_because;  // why the bytes are in private memory; "" if they are shared
};

// $XDG_CACHE_HOME/tlaunch/data, by default ~/.cache/tlaunch/data; "" if neither variable names a folder.
std::string default_cache_folder();

// The result of `decode` for the file `source`, from the cache if it is there. The cache file's name comes from the
// source's path, size, modification time and `format_version` (the decoder's: raise it when decoding changes).
// Several processes and threads may call at once: one decodes, the others wait. Exceptions of `decode` pass through;
// throws DataError if `source` is missing.
CachedBytes cached_bytes(const std::string& source, std::uint32_t format_version,
                         const std::function<std::vector<std::uint8_t>()>& decode, const std::string& folder);

}  // namespace tlaunch
