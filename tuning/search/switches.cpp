#include "tuning/search/switches.h"

#include "base/text.h"
#include "tuning/search/alternatives.h"
#include "tuning/search/pairs.h"

namespace tlaunch {

Draft choose_threads(Lab& lab, const Measured& measured) {
  const TuneInput& input = lab.input();
  const TrialSettings& now = measured.draft.settings;
  if (input.job.on_gpu) return measured.draft;
  const auto offered = loading_alternatives(now, input.config, input.hardware, input.job);
  const auto& candidates = measured.memory.candidates;
  Draft chosen = compare_in_pairs(lab, measured.draft, candidates, offered, /*with_loader=*/true).draft;
  if (chosen.settings.threads != now.threads)
    lab.note(format_text(
        "{} instead of {} threads per rank may add numbers in another order, which can change the last bits "
        "of results; launch.threads_per_rank=N sets a fixed number",
        chosen.settings.threads, now.threads));
  return chosen;
}

Draft choose_switches(Lab& lab, const Draft& draft, const MemoryModel& memory) {
  const TuneInput& input = lab.input();
  const auto offered = alternatives(draft.settings, input.config, input.hardware, input.job);
  return compare_in_pairs(lab, draft, memory.candidates, offered, /*with_loader=*/false).draft;
}

}  // namespace tlaunch
