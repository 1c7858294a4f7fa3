#include "launcher/run/checkpoint_argument.h"

#include <filesystem>

#include "base/absolute_path.h"
#include "base/error.h"
#include "base/text.h"
#include "checkpoint/file_kind.h"
#include "checkpoint/safetensors/safetensors.h"
#include "checkpoint/torch_file/torch_file.h"

namespace tlaunch {

std::string verified_checkpoint(const std::string& option, const std::string& path) {
  namespace fs = std::filesystem;
  const std::string absolute = absolute_path(path);
  std::error_code error;
  const auto type = fs::status(absolute, error).type();
  if (type == fs::file_type::not_found) throw UsageError(format_text("{} {}: no such file", option, path));
  if (type == fs::file_type::directory)
    throw UsageError(format_text("{} {}: is a folder; give a .safetensors file in it{}", option, path,
                                 option == "--resume"
                                     ? " (to continue the run of a folder, use --run-dir DIR --resume auto)"
                                     : ", for example checkpoints/last.safetensors in the folder of a run"));
  if (option == "--resume" && is_torch_file(absolute))
    throw DataError(format_text(
        "{}: is a file of torch.save and has no state that a run could continue from; to start a new run from its "
        "weights: {}, and set model.weights to that file in place of --resume",
        absolute, import_advice(path)));
  SafetensorsFile(absolute).verify();
  return absolute;
}

}  // namespace tlaunch
