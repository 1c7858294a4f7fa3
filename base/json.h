// The one JSON type of the project. Keys keep their order, so that equal values are equal text.
// JSON has no NaN and no infinity (and nlohmann's dump() writes null for them, which hides what happened): what we
// write carries them as the strings "NaN", "Infinity" and "-Infinity".
#pragma once

#include <nlohmann/json.hpp>

namespace tlaunch {

using Json = nlohmann::ordered_json;

// `value` with every number that is not finite, at any depth, replaced by its string.
Json without_nonfinite(Json value);

// A number as written by the above: a JSON number or one of the three strings. Throws DataError for anything else.
double number_of(const Json& value);

// As text, with bytes that are not UTF-8 replaced: a path may hold any.
std::string text_of(const Json& value, int indent = -1);

}  // namespace tlaunch
