#include "base/path_lookup.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string_view>

namespace tlaunch {

std::string find_in_path(const std::string& name) {
  const char* path = std::getenv("PATH");
  const std::string_view folders = path == nullptr ? "/bin:/usr/bin" : path;
  for (std::size_t from = 0; from <= folders.size();) {
    const std::size_t colon = std::min(folders.find(':', from), folders.size());
    const std::string_view folder = folders.substr(from, colon - from);
    const std::string candidate = std::string(folder.empty() ? "." : folder) + "/" + name;
    if (is_program(candidate)) return candidate;
    from = colon + 1;
  }
  return "";
}

std::string program_path(const std::string& name) {
  return name.find('/') == std::string::npos ? find_in_path(name) : name;
}

bool is_program(const std::string& path) {
  std::error_code error;
  return std::filesystem::is_regular_file(path, error) && ::access(path.c_str(), X_OK) == 0;
}

}  // namespace tlaunch
