#include "base/absolute_path.h"

#include <filesystem>

#include "base/error.h"
#include "base/text.h"

namespace tlaunch {

std::string absolute_path(const std::string& path) {
  std::error_code error;
  const auto absolute = std::filesystem::absolute(path.empty() ? "." : path, error);
  if (error)
    throw UsageError(format_text(
        "cannot resolve the relative path {}: the working directory was removed ({}); change to a folder that "
        "exists, or use absolute paths",
        quoted(path), error.message()));
  std::string text = absolute.lexically_normal().string();
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

}  // namespace tlaunch
