#include "launcher/plan_table.h"

#include <algorithm>

namespace tlaunch {

std::string plan_table(const Plan& plan) {
  const auto value_text = [](const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); };
  std::size_t key_width = 0, value_width = 0, origin_width = 0;
  for (const Choice& choice : plan.choices) {
    key_width = std::max(key_width, choice.key.size());
    value_width = std::max(value_width, value_text(choice.value).size());
    origin_width = std::max(origin_width, std::string(to_string(choice.origin)).size());
  }
  const auto padded = [](const std::string& text, std::size_t width) { return text + std::string(width - text.size() + 2, ' '); };
  std::string table;
  for (const Choice& choice : plan.choices)
    table += padded(choice.key, key_width) + padded(value_text(choice.value), value_width) +
             padded(to_string(choice.origin), origin_width) + choice.reason + "\n";
  return table;
}

}  // namespace tlaunch
