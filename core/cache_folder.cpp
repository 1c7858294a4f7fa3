#include "core/cache_folder.h"

#include <cstdlib>
#include <filesystem>

#include "core/atomic_file.h"

namespace tlaunch {

namespace fs = std::filesystem;

std::string cache_folder() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  if (cache != nullptr && cache[0] == '/') return (fs::path(cache) / "tlaunch").string();
  if (home != nullptr && home[0] == '/') return (fs::path(home) / ".cache" / "tlaunch").string();
  return "";
}

void keep_in_cache(const std::string& path, const std::string& text) {
  if (path.empty()) return;
  try {
    fs::create_directories(fs::path(path).parent_path());
    write_file_atomically(path, text);
  } catch (const std::exception&) {
    // Without a cache the next start takes a little longer.
  }
}

}  // namespace tlaunch
