#include "tuning/search/draft.h"

#include <utility>

#include "base/text.h"

namespace tlaunch {

double Draft::samples_per_s() const {
  return static_cast<double>(settings.micro_batch * world_size) / pace.micro_step_s;
}

void Draft::set(const std::string& key, const Json& value, const std::string& reason, Json evidence) {
  for (Choice& choice : plan.choices)
    if (choice.key == key) choice = {key, value, Origin::measured, reason, without_nonfinite(std::move(evidence))};
}

void Draft::keep_prior(const std::string& key, const std::string& why) {
  const std::string added = format_text("({})", why);
  for (Choice& choice : plan.choices)
    if (choice.key == key && choice.origin == Origin::prior && !choice.reason.ends_with(added))
      choice.reason += " " + added;
}

Draft first_draft(const TuneInput& input) {
  return {input.prior, trial_settings_of(apply(input.config, input.prior)), input.job.world_size, {}};
}

}  // namespace tlaunch
