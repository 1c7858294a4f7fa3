// Files of torch.save: a zip archive with a pickle and the storages' bytes, or the older format (torch_legacy.h), which
// tlaunch reads but does not write. Reading uses an allow-list unpickler (unpickler.h). A written file gives a dict of
// tensors by name with torch.load(weights_only=True).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "checkpoint/safetensors/safetensors.h"

namespace tlaunch {

// A state_dict in a file of torch.save. Opening reads and checks all of it: the archive's layout and checksums, the
// pickle, and that each tensor is within its storage. Throws DataError with the file and the place or tensor,
// UsageError if there is no such file, IoError if reading fails. Memory: a mapping of the file, and a copy of the
// tensors that are not contiguous in it. `key` is the path of choose_weights(), which throws UsageError if the file
// does not show which of its dicts is the state_dict.
class TorchFile {
 public:
  explicit TorchFile(const std::string& path, const std::string& key = "");
  ~TorchFile();
  TorchFile(const TorchFile&) = delete;
  TorchFile& operator=(const TorchFile&) = delete;

  const std::vector<TensorView>& tensors() const;    // by name; views live as long as this object
  const std::string& key() const;                    // where in the file they are, such as top_level_key
  const std::vector<std::string>& left_out() const;  // "'epoch' (an integer)"

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Whether the file begins like a torch.save file; throws UsageError if it cannot be opened.
bool is_torch_file(const std::string& path);

// The pickle of a dict of these tensors; the i-th is in storage "i". Pure.
std::string state_dict_pickle(const std::vector<TensorView>& tensors);

// Writes the file, which is durable on return. Throws IoError.
void write_torch(const std::string& path, const std::vector<TensorView>& tensors);

}  // namespace tlaunch
