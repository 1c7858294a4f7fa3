#include "launcher/run/own_plan.h"

#include <filesystem>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/json_problem.h"
#include "base/text.h"
#include "checkpoint/folder/run_terms.h"
#include "config/batch_advice.h"
#include "launcher/job/gpu_wait.h"

namespace tlaunch {
namespace {

namespace fs = std::filesystem;

// If `asked` fixes the micro-batch or the accumulation, the other one is adapted, so that the effective batch stays.
void keep_product(Plan& plan, const RunConfig& asked) {
  const TrainConfig train = apply(asked, plan).train;
  if (!train.effective_batch_size || !train.batch_size || !train.gradient_accumulation_steps) return;
  const BatchSplit before{*train.batch_size, *train.gradient_accumulation_steps, plan.world_size};
  if (before.effective() == *train.effective_batch_size) return;
  const BatchSplit split = split_batch(*train.effective_batch_size, plan.world_size, asked.train.batch_size,
                                       asked.train.gradient_accumulation_steps, before.micro_batch,
                                       {.train_samples = 0, .other_effective = false});
  for (Choice& choice : plan.choices) {
    const bool micro = choice.key == "train.batch_size";
    if (choice.origin == Origin::user || (!micro && choice.key != "train.gradient_accumulation_steps")) continue;
    choice = {choice.key, micro ? split.micro_batch : split.accumulation, Origin::prior,
              format_text("makes up the resumed run's effective batch of {}", split.effective()), nullptr};
  }
}

// The plan in the run's folder, or in the folder of the run that wrote the checkpoint; nothing if neither can be read.
std::optional<Plan> plan_beside(RunPlace& place) {
  const fs::path other = fs::path(place.resume_path).parent_path().parent_path() / "plan.json";
  std::error_code error;
  const std::string own = place.folder.file("plan.json"), path = fs::exists(own, error) ? own : other.string();
  if (!fs::exists(path, error)) return std::nullopt;
  try {
    return plan_from_json(Json::parse(read_file(path, small_file_bytes)));
  } catch (const std::exception& problem) {
    place.notes.push_back(
        format_text("cannot read {}, so the settings of the checkpoint are used: {}", path, json_problem(problem)));
    return std::nullopt;
  }
}

// The settings in the checkpoint take precedence over those of a plan file.
void take_settings(Plan& plan, const std::map<std::string, std::string>& settings) {
  for (Choice& choice : plan.choices) {
    const auto saved = settings.find(choice.key);
    if (saved == settings.end()) continue;
    const Json value = value_of_text(saved->second);
    if (value != choice.value) choice = {choice.key, value, Origin::prior, "as in the resumed run", nullptr};
  }
}

}  // namespace

std::optional<Plan> own_plan(const Job& job, RunPlace& place) {
  if (place.resume_path.empty()) return std::nullopt;
  const RunTerms terms = run_terms_of(place.resume_path);
  if (!terms.device.empty() && terms.device != (job.world.on_gpu ? "cuda" : "cpu")) return std::nullopt;
  auto plan = plan_beside(place);
  if (terms.world_size > 0 ? terms.world_size != job.world.size : !plan || plan->world_size != job.world.size)
    return std::nullopt;
  if (!plan || plan->world_size != job.world.size) plan = job.plan;
  take_settings(*plan, terms.settings);
  // A value that the user fixes now takes precedence over the saved choice.
  for (Choice& choice : plan->choices)
    if (const Choice* now = job.plan.find(choice.key); now && now->origin == Origin::user) choice = *now;
  // The cards here may not support the precision of the resumed run.
  const auto precision = apply(job.loaded.config, *plan).gpu.mixed_precision;
  if (precision && job.world.on_gpu)
    if (const auto problem = precision_problem(cards_of_ranks(job.hardware.gpus, job.world.size), *precision)) {
      for (Choice& choice : plan->choices)
        if (choice.key == "gpu.mixed_precision") choice = *job.plan.find(choice.key);
      place.notes.push_back(format_text("the precision of the resumed run is not kept: {}", *problem));
    }
  keep_product(*plan, job.loaded.config);
  return plan;
}

Job with_its_effective_batch(Job job, const RunPlace& place) {
  if (place.resume_path.empty() || job.loaded.config.train.effective_batch_size) return job;
  const auto batch = run_terms_of(place.resume_path).effective_batch_size;
  if (batch == 0)
    throw DataError(format_text("{}: does not contain the effective batch of its run; set train.effective_batch_size",
                                place.resume_path));
  PreparedJob resumed = std::move(job);
  resumed.effective_batch_size = batch;
  Plan prior = prior_plan(resumed.loaded.config, resumed.hardware, shape_of(resumed));
  return {std::move(resumed), std::move(prior)};
}

}  // namespace tlaunch
