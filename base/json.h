// The JSON type of the project. Keys keep their order, so that equal values have equal text. JSON has no NaN and no
// infinity, and nlohmann's dump() writes null for them, which hides the cause. So they are written as the strings
// "NaN", "Infinity" and "-Infinity".
#pragma once

#include <nlohmann/json.hpp>

namespace tlaunch {

using Json = nlohmann::ordered_json;

// `value` with every number that is not finite, at any depth, replaced by its string.
Json without_nonfinite(Json value);

// The inverse for one number: a JSON number or one of the three strings. Throws DataError for anything else.
double number_of(const Json& value);

// As text. Bytes that are not UTF-8, which a path may contain, are replaced.
std::string text_of(const Json& value, int indent = -1);

}  // namespace tlaunch
