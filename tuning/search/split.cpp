#include "tuning/search/split.h"

#include <utility>

#include "base/text.h"
#include "base/units.h"
#include "contract/planned_rate.h"

namespace tlaunch {

std::vector<BatchSplit> open_splits(const Lab& lab, bool memory_forces) {
  const TuneInput& input = lab.input();
  const BatchSplit prior = first_draft(input).split();
  TrainConfig train = input.config.train;
  if (lab.effective_batch_is_open())
    return open_batch_candidates(prior, train.gradient_accumulation_steps, lab.side_figures().facts.train_samples,
                                 memory_forces);
  if (!train.effective_batch_size) train.effective_batch_size = prior.effective();
  return batch_candidates(train, input.job.world_size, memory_forces);
}

void choose(const Lab& lab, Draft& draft, const BatchSplit& split, const std::string& reason, Json evidence) {
  draft.settings.micro_batch = split.micro_batch;
  draft.settings.accumulation = split.accumulation;
  draft.set("train.batch_size", split.micro_batch, reason, std::move(evidence));
  if (lab.open("train.gradient_accumulation_steps"))
    draft.set("train.gradient_accumulation_steps", split.accumulation,
              "makes up the effective batch: " + product(split), nullptr);
  if (!lab.effective_batch_is_open()) return;
  draft.set("train.effective_batch_size", split.effective(), "follows from the chosen micro-batch: " + product(split),
            nullptr);
  scale_learning_rate(draft.plan, lab.input().config.train);
}

bool choose_within_memory(const Lab& lab, Draft& draft, const MemoryModel& memory, std::int64_t most) {
  const BatchSplit* largest = nullptr;
  for (const auto& candidate : memory.candidates)
    if (candidate.micro_batch <= most) largest = &candidate;
  if (!largest) return false;
  if (largest->micro_batch == draft.settings.micro_batch) return true;
  // An effective batch that is open too does not change for lack of memory, if accumulation can make it up.
  BatchSplit split = *largest;
  const std::int64_t samples = split.micro_batch * split.world_size, effective = draft.split().effective();
  if (lab.effective_batch_is_open() && lab.open("train.gradient_accumulation_steps") && effective % samples == 0)
    split.accumulation = effective / samples;
  Json evidence;
  if (memory.line)
    evidence = {{"bytes_per_sample", memory.line->bytes_per_sample}, {"fixed_bytes", memory.line->fixed_bytes}};
  choose(lab, draft, split,
         format_text("the largest that fits {} per rank: {}", format_bytes(lab.input().budget_bytes), product(split)),
         evidence);
  return true;
}

}  // namespace tlaunch
