#include "launcher/run/checkpoint_argument.h"

#include <filesystem>

#include "base/absolute_path.h"
#include "base/error.h"
#include "checkpoint/file_kind.h"
#include "checkpoint/safetensors/safetensors.h"
#include "checkpoint/torch_file/torch_file.h"

namespace tlaunch {

std::string verified_checkpoint(const std::string& option, const std::string& path) {
  namespace fs = std::filesystem;
  const std::string absolute = absolute_path(path);
  std::error_code error;
  const auto type = fs::status(absolute, error).type();
  if (type == fs::file_type::not_found) throw UsageError(option + " " + path + ": there is no such file");
  if (type == fs::file_type::directory)
    throw UsageError(option + " " + path + ": this is a folder; name a .safetensors file in it" +
                     (option == "--resume" ? " (to go on in a run's folder: --run-dir DIR --resume auto)"
                                           : ", as checkpoints/last.safetensors in a run's folder"));
  if (option == "--resume" && is_torch_file(absolute))
    throw DataError(absolute +
                    ": is a file of torch.save, which has not the state that a run goes on from; to start a "
                    "new run from its weights: " +
                    import_advice(path) +
                    ", and model.weights with that file in place "
                    "of --resume");
  SafetensorsFile(absolute).verify();
  return absolute;
}

}  // namespace tlaunch
