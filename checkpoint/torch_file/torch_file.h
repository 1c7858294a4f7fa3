// Files of torch.save: a zip archive with a pickle and the storages' bytes, or the older form (torch_legacy.h), which
// is only read. Read by an allow-list unpickler (checkpoint/torch_file/unpickler.h), written so that torch.load(weights_only=True)
// gives a dict of tensors by name.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "checkpoint/safetensors/safetensors.h"

namespace tlaunch {

// A state_dict in a file of torch.save. Opening reads and checks all of it: the archive's layout and sums, the pickle,
// that each tensor lies within its storage. Throws DataError naming the file and the place or tensor, UsageError where
// there is no such file, IoError where reading fails. Memory: a mapping of the file, and a copy of those tensors that
// do not lie contiguously in it. `key` as the path of choose_weights(), which throws UsageError where the file does not
// show which of its dicts is the state_dict.
class TorchFile {
 public:
  explicit TorchFile(const std::string& path, const std::string& key = "");
  ~TorchFile();
  TorchFile(const TorchFile&) = delete;
  TorchFile& operator=(const TorchFile&) = delete;

  const std::vector<TensorView>& tensors() const;    // by name; views live as long as this object
  const std::string& key() const;                    // where in the file they are; top_level_key
  const std::vector<std::string>& left_out() const;  // "'epoch' (an integer)"

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Whether the file begins as torch.save's do; UsageError where it cannot be opened.
bool is_torch_file(const std::string& path);

// The pickle of a dict of these tensors, the i-th in storage "i". Pure.
std::string state_dict_pickle(const std::vector<TensorView>& tensors);

// Durable when it returns. Throws IoError.
void write_torch(const std::string& path, const std::vector<TensorView>& tensors);

}  // namespace tlaunch
