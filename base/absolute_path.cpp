#include "base/absolute_path.h"

#include <filesystem>

#include "base/error.h"

namespace tlaunch {

std::string absolute_path(const std::string& path) {
  std::error_code error;
  const auto absolute = std::filesystem::absolute(path.empty() ? "." : path, error);
  if (error)
    throw UsageError("cannot resolve the relative path '" + path + "': the working directory was removed (" +
                     error.message() + "); change to a folder that exists, or give absolute paths");
  std::string text = absolute.lexically_normal().string();
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

}  // namespace tlaunch
