#include "base/cache_folder.h"

#include <cstdlib>
#include <filesystem>

#include "base/atomic_file.h"

namespace tlaunch {

namespace fs = std::filesystem;

namespace {

std::string xdg_folder(const char* variable, const char* below_home) {
  const char* named = std::getenv(variable);
  const char* home = std::getenv("HOME");
  if (named != nullptr && named[0] == '/') return (fs::path(named) / "tlaunch").string();
  if (home != nullptr && home[0] == '/') return (fs::path(home) / below_home / "tlaunch").string();
  return "";
}

}  // namespace

std::string cache_folder() { return xdg_folder("XDG_CACHE_HOME", ".cache"); }

std::string state_folder() { return xdg_folder("XDG_STATE_HOME", ".local/state"); }

void keep_in_cache(const std::string& path, const std::string& text) {
  if (path.empty()) return;
  try {
    fs::create_directories(fs::path(path).parent_path());
    write_file_atomically(path, text);
  } catch (const std::exception&) {
    // Without the cache the next start takes a little longer.
  }
}

}  // namespace tlaunch
