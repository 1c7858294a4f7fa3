// Checks the text of one config value against what its key takes. Pure.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/description.h"

namespace tlaunch {

struct ValueRule {
  OptionType type = OptionType::text;
  std::vector<OptionValue> choices = {};     // empty: any value within the bounds
  std::optional<double> min = {}, max = {};  // inclusive
  bool above_min = false;                    // min itself is excluded
  std::string empty_word = {};  // the word for an empty optional: "auto", "off" or "none"; "": the key needs a value
  std::vector<std::pair<std::string, std::string>> spellings = {};  // other accepted words, and what each means
};

ValueRule rule_of(const OptionSpec& option);

struct ParsedValue {
  std::optional<OptionValue> value;  // empty although there is no problem: the empty word
  std::string problem;               // "'ten' is not an integer; expected an integer of at least 1"; "": none
};

ParsedValue parse_value(const std::string& text, const ValueRule& rule);

std::string expectation(const ValueRule& rule);  // "an integer of at least 1, or auto"
std::string to_text(const OptionValue& value);   // as in YAML; a number in the shortest form that reads back equal

}  // namespace tlaunch
