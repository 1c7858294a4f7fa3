#include "launcher/run/checkpoint_argument.h"

#include <filesystem>

#include "checkpoint/safetensors.h"
#include "core/error.h"

namespace tlaunch {

std::string verified_checkpoint(const std::string& option, const std::string& path) {
  namespace fs = std::filesystem;
  const std::string absolute = fs::absolute(path).lexically_normal().string();
  if (fs::is_directory(absolute))
    throw UsageError(option + " " + path +
                     ": this is a folder; name a .safetensors file in it (to go on in a run's folder: " +
                     "--run-dir DIR --resume auto)");
  if (!fs::exists(absolute)) throw UsageError(option + " " + path + ": there is no such file");
  SafetensorsFile(absolute).verify();
  return absolute;
}

}  // namespace tlaunch
