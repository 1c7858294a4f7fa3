#include "core/absolute_path.h"

#include <filesystem>

#include "core/error.h"

namespace tlaunch {

std::string absolute_path(const std::string& path) {
  std::error_code error;
  const auto absolute = std::filesystem::absolute(path.empty() ? "." : path, error);
  if (error)
    throw UsageError("cannot tell where " + path + " is: the working directory cannot be found (" + error.message() +
                     "); change to a folder that is there, or give absolute paths");
  std::string text = absolute.lexically_normal().string();
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

}  // namespace tlaunch
