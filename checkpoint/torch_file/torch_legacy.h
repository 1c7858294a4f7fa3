// Reads the format of torch.save before PyTorch 1.6, and of _use_new_zipfile_serialization=False today: pickles one
// after the other (a magic number, the format's version, facts about the machine, the object, the storages' keys), then
// the bytes of the storages, each after its number of elements. The format has no checksums. Pure.
#pragma once

#include <map>
#include <span>
#include <string>

#include "checkpoint/torch_file/unpickler.h"

namespace tlaunch {

struct LegacyTorchFile {
  PickledStateDict state_dict;
  std::map<std::string, std::span<const std::byte>> storages;  // by key; parts of `file`
};

// Throws the errors of unpickle_state_dict(), and DataError beginning with `path` if the rest of the file is wrong.
LegacyTorchFile read_legacy(std::span<const std::byte> file, const std::string& path, const std::string& key);

}  // namespace tlaunch
