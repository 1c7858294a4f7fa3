// The one JSON type of the project. Keys keep their order, so that equal values are equal text.
#pragma once

#include <nlohmann/json.hpp>

namespace tlaunch {
using Json = nlohmann::ordered_json;
}
