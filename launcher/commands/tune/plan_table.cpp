#include "launcher/commands/tune/plan_table.h"

#include "launcher/narration/text_table.h"

namespace tlaunch {

std::string plan_table(const Plan& plan) {
  TextTable table;
  for (const Choice& choice : plan.choices)
    table.row({choice.key, value_text(choice.value), to_string(choice.origin), choice.reason});
  return table.text();
}

}  // namespace tlaunch
