// Removes from names of weights the parts that wrappers of a model add: DistributedDataParallel, torch.compile, FSDP,
// activation checkpointing, DeepSpeed, Lightning. Pure.
#pragma once

#include <string>
#include <vector>

namespace tlaunch {

struct UnwrappedNames {
  std::vector<std::string> names;      // in the order given
  std::vector<std::string> taken_off;  // the removed parts, such as "module.", each once; empty: nothing was changed
};

// Removes a wrapper's prefix that all names have. Removes "_orig_mod." and similar parts also if only some names have
// them, or within a name. Two names never become the same.
UnwrappedNames without_wrappers(std::vector<std::string> names);

// The name that AveragedModel of torch.optim.swa_utils adds to the names of the model that it averages, which all begin
// with "module."; "" if the names are not those of an AveragedModel.
std::string count_of_average(const std::vector<std::string>& names);

struct NamesInFile {
  std::vector<std::string> names;      // for each wanted name, the file's name for it; itself if the file has none
  std::vector<std::string> taken_off;  // the parts removed from the file's names; empty: none
};

// Finds the `wanted` names among `held`. Ignores wrappers, or another prefix such as "net." of all or some of `held`,
// if that finds more names. Two names never become the same.
NamesInFile names_in_file(const std::vector<std::string>& held, const std::vector<std::string>& wanted);

}  // namespace tlaunch
