// Names of weights without what wrappers of a model add: DistributedDataParallel, torch.compile, FSDP, activation
// checkpointing, DeepSpeed, Lightning. Pure.
#pragma once

#include <string>
#include <vector>

namespace tlaunch {

struct UnwrappedNames {
  std::vector<std::string> names;      // in the order given
  std::vector<std::string> taken_off;  // "module.", each once; empty: nothing was changed
};

// What stands before all names goes; "_orig_mod." and its like also where only some have it, or within a name. Never
// so that two names become one.
UnwrappedNames without_wrappers(std::vector<std::string> names);

// A name that AveragedModel of torch.optim.swa_utils puts beside those of the model that it averages, all of which
// begin with "module."; "" where the names are not of one.
std::string count_of_average(const std::vector<std::string>& names);

struct NamesInFile {
  std::vector<std::string> names;      // for each one wanted, what the file calls it; itself where the file has none
  std::vector<std::string> taken_off;  // from the file's names, so that they are those wanted; empty: nothing
};

// Where more of `wanted` are among `held` without wrappers, or without another prefix such as "net." that all or some
// of `held` have, they are taken off. Never so that two names become one.
NamesInFile names_in_file(const std::vector<std::string>& held, const std::vector<std::string>& wanted);

}  // namespace tlaunch
