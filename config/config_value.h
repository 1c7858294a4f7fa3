// One value of a config: its text checked against what the key takes. Pure.
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
  bool above_min = false;                    // min itself is out
  std::string empty_word = {};  // "auto", "off" or "none": what an empty optional is called; "" where there is none
  std::vector<std::pair<std::string, std::string>> spellings = {};  // other words taken, and what each stands for
};

ValueRule rule_of(const OptionSpec& option);

struct ParsedValue {
  std::optional<OptionValue> value;  // empty, with no problem: the empty word
  std::string problem;               // "'ten' is no integer; expected an integer of at least 1"; "" where all is well
};

ParsedValue parse_value(const std::string& text, const ValueRule& rule);

std::string expectation(const ValueRule& rule);  // "an integer of at least 1, or auto"
std::string to_text(const OptionValue& value);  // as YAML has it; numbers in the shortest form that reads back the same

}  // namespace tlaunch
