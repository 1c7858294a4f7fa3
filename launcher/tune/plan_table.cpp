#include "launcher/tune/plan_table.h"

#include "launcher/terminal/text_table.h"

namespace tlaunch {

std::string plan_table(const Plan& plan) {
  TextTable table;
  for (const Choice& choice : plan.choices) {
    const std::string value = choice.value.is_string() ? choice.value.get<std::string>() : text_of(choice.value);
    table.row({choice.key, value, to_string(choice.origin), choice.reason});
  }
  return table.text();
}

}  // namespace tlaunch
