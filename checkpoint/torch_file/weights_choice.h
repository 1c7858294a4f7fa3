// Chooses the dict of an unpickled file that holds the model's weights. Files of training scripts also hold other
// things: an optimizer's state, a best accuracy, a second copy of the weights. If more than one dict is possible, the
// user has to choose. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "checkpoint/torch_file/pickle_machine.h"

namespace tlaunch {

inline constexpr const char* top_level_key = ".";  // a path: the dict that is the file's whole content

struct ChosenWeights {
  std::vector<std::pair<std::string_view, PickleValue>> entries;  // of the dict, by key; they may include non-tensors
  std::string path;                                               // of keys: "model/state_dict", or top_level_key
  std::vector<std::string> left_out;  // "'epoch' (an integer)": entries of the dict that are not tensors, and siblings
};

// `path` as above; "" chooses by the layout of usual files. Throws DataError if the file holds no tensors by name or
// the dict has a tensor that cannot be written, UsageError if the user has to choose or `path` leads to no dict of
// tensors. The messages begin with `where`.
ChosenWeights choose_weights(const Unpickled& unpickled, std::string_view pickle, const std::string& path,
                             const std::string& where);

}  // namespace tlaunch
