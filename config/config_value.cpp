#include "config/config_value.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/nearest.h"
#include "base/text.h"
#include "config/config_problems.h"

namespace tlaunch {
namespace {

std::string number_text(double value) {
  char text[40];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  return std::string(text, end);
}

std::string bound_text(double value) {  // 1073741824, not 1.073741824e+09
  if (value == std::floor(value) && std::fabs(value) < 1e15) return std::to_string(static_cast<std::int64_t>(value));
  return number_text(value);
}

template <class T>
std::optional<T> parse_number(std::string text) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.erase(0, 1);  // from_chars takes no plus
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<bool> parse_bool(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  if (text == "true" || text == "yes" || text == "on") return true;
  if (text == "false" || text == "no" || text == "off") return false;
  return std::nullopt;
}

std::optional<OptionValue> parse_typed(const std::string& text, OptionType type) {
  switch (type) {
    case OptionType::boolean:
      if (const auto value = parse_bool(text)) return *value;
      return std::nullopt;
    case OptionType::integer:
      if (const auto value = parse_number<std::int64_t>(text)) return *value;
      return std::nullopt;
    case OptionType::real: {
      const auto value = parse_number<double>(text);
      if (value && std::isfinite(*value)) return *value;
      return std::nullopt;
    }
    case OptionType::text: return text;
  }
  return std::nullopt;
}

const char* type_noun(OptionType type) {
  switch (type) {
    case OptionType::boolean: return "true or false";
    case OptionType::integer: return "an integer";
    case OptionType::real: return "a number";
    case OptionType::text: return "text";
  }
  return "";
}

std::string choices_text(const std::vector<OptionValue>& choices) {
  std::vector<std::string> texts;
  for (const OptionValue& choice : choices) texts.push_back(to_text(choice));
  return (texts.size() > 1 ? "one of " : "") + joined(texts, ", ");
}

std::string out_of_bounds(double value, const ValueRule& rule) {
  if (rule.min && (value < *rule.min || (rule.above_min && value == *rule.min))) return "is too small";
  if (rule.max && value > *rule.max) return "is too large";
  return "";
}

}  // namespace

ValueRule rule_of(const OptionSpec& option) {
  ValueRule rule;
  rule.type = option.type;
  rule.choices = option.choices;
  rule.min = option.min;
  rule.max = option.max;
  return rule;
}

std::string to_text(const OptionValue& value) {
  struct Visitor {
    std::string operator()(bool flag) const { return flag ? "true" : "false"; }
    std::string operator()(std::int64_t number) const { return std::to_string(number); }
    std::string operator()(double number) const { return number_text(number); }
    std::string operator()(const std::string& text) const { return text; }
  };
  return std::visit(Visitor{}, value);
}

std::string expectation(const ValueRule& rule) {
  std::string text;
  if (!rule.choices.empty()) {
    text = choices_text(rule.choices);
  } else {
    text = type_noun(rule.type);
    if (rule.min && rule.max && !rule.above_min)
      text += format_text(" from {} to {}", bound_text(*rule.min), bound_text(*rule.max));
    else if (rule.min)
      text += (rule.above_min ? " above " : " of at least ") + bound_text(*rule.min);
    else if (rule.max)
      text += format_text(" of at most {}", bound_text(*rule.max));
    if (rule.min && rule.max && rule.above_min) text += format_text(", at most {}", bound_text(*rule.max));
  }
  if (rule.empty_word.empty()) return text;
  if (rule.type == OptionType::boolean) return format_text("true, false or {}", rule.empty_word);
  return format_text("{}, or {}", text, rule.empty_word);
}

ParsedValue parse_value(const std::string& given, const ValueRule& rule) {
  std::string text = given;
  for (const auto& [word, meant] : rule.spellings)
    if (given == word) text = meant;
  if (!rule.empty_word.empty() && text == rule.empty_word) return {};

  const auto problem = [&](const std::string& what, const std::string& hint = "") {
    const std::string expected = format_text("{} {}; expected {}", quoted(given), what, expectation(rule));
    return ParsedValue{std::nullopt, joined({expected, hint}, "; ")};
  };
  if (rule.type == OptionType::text && rule.choices.empty()) {
    if (text.empty()) return problem("is empty");
    if (std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }))
      return problem("contains a control character");
  }
  const std::optional<OptionValue> value = parse_typed(text, rule.type);
  if (!value) {
    const auto meant = rule.empty_word.empty() ? std::nullopt : nearest(text, {rule.empty_word});
    return problem(rule.type == OptionType::boolean   ? "is neither true nor false"
                   : rule.type == OptionType::integer ? "is not an integer"
                                                      : "is not a finite number",
                   meant ? format_text("did you mean {}?", *meant) : "");
  }
  if (!rule.choices.empty() && std::find(rule.choices.begin(), rule.choices.end(), *value) == rule.choices.end()) {
    std::vector<std::string> known{rule.empty_word};
    for (const OptionValue& choice : rule.choices) known.push_back(to_text(choice));
    const auto meant = rule.type == OptionType::text ? nearest(text, known) : std::nullopt;
    return problem("is not known", meant ? format_text("did you mean {}?", *meant) : "");
  }
  std::string bounds;
  if (const auto* integer = std::get_if<std::int64_t>(&*value))
    bounds = out_of_bounds(static_cast<double>(*integer), rule);
  if (const auto* real = std::get_if<double>(&*value)) bounds = out_of_bounds(*real, rule);
  if (!bounds.empty()) return problem(bounds);
  return {value, ""};
}

}  // namespace tlaunch
