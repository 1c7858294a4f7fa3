// Which dict of an unpickled file holds the model's weights. Files of training scripts hold much beside them: an
// optimizer's state, a best accuracy, a second copy of the weights. Where more than one dict could be meant, nothing
// is chosen and the user has to. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "checkpoint/torch_file/pickle_machine.h"

namespace tlaunch {

inline constexpr const char* top_level_key = ".";  // as a path: the dict that is the file's whole content

struct ChosenWeights {
  std::vector<std::pair<std::string_view, PickleValue>> entries;  // of the dict, by key; not all need be tensors
  std::string path;                                               // of keys: "model/state_dict"; top_level_key
  std::vector<std::string> left_out;  // "'epoch' (an integer)": what is in the dict and no tensor, what is beside it
};

// `path` as above; "" to choose by what usual files look like. Throws DataError where the file holds no tensors by
// name or the dict has one that cannot be written, UsageError where the choice is the user's or `path` leads to no dict
// of tensors; they begin with `where`.
ChosenWeights choose_weights(const Unpickled& unpickled, std::string_view pickle, const std::string& path,
                             const std::string& where);

}  // namespace tlaunch
