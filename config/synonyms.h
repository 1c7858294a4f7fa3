// Names that other tools and teams use for our keys, for the message about an unknown key. A synonym is only a hint: it
// is never accepted as the key.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace tlaunch {

// Section names of other tools, and ours: "training" -> "train".
const std::vector<std::pair<std::string, std::string>>& section_synonyms();

// Last parts of keys of other tools, in any section, and our dotted key: "lr" -> "train.learning_rate".
const std::vector<std::pair<std::string, std::string>>& key_synonyms();

// "did you mean train.epochs?" for a dotted key that is not among `known`; "": no similar key.
std::string hint_for_unknown_key(const std::string& key, const std::vector<std::string>& known);

}  // namespace tlaunch
