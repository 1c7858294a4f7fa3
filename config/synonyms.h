// Names that other tools and teams use for our keys, for the message about an unknown key. A synonym is only ever a
// hint: it is never taken for the key itself.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace tlaunch {

// The name of a section elsewhere, and ours: "training" -> "train".
const std::vector<std::pair<std::string, std::string>>& section_synonyms();

// The last part of a key elsewhere (whatever its section), and our dotted key: "lr" -> "train.learning_rate".
const std::vector<std::pair<std::string, std::string>>& key_synonyms();

// "did you mean train.epochs?" for a dotted key that is not among `known`; "" where nothing comes near.
std::string hint_for_unknown_key(const std::string& key, const std::vector<std::string>& known);

}  // namespace tlaunch
