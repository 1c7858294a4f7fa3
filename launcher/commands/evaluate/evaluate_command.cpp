#include "launcher/commands/evaluate/evaluate_command.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/temporary_folder.h"
#include "contract/run_record.h"
#include "launcher/job/job.h"
#include "launcher/job/worker_group.h"
#include "launcher/narration/results.h"
#include "launcher/run/checkpoint_argument.h"
#include "processes/group/failure.h"
#include "processes/output/say.h"

namespace tlaunch {
namespace {

std::string metrics_text(const std::map<std::string, double>& metrics) {
  std::string text;
  for (const auto& [name, value] : metrics) text += name + " " + Json(value).dump() + "\n";
  return text;
}

}  // namespace

int run_evaluate(const EvaluateCommand& command) {
  const double start_s = unix_time_s();
  const std::string checkpoint = verified_checkpoint("--checkpoint", command.checkpoint);
  const Job job = prepare_job({.config_path = command.config,
                               .overrides = command.overrides,
                               .weights = JobWeights::checkpoint,
                               .checkpoint = checkpoint,
                               .trains = false});
  const TemporaryFolder folder(
      {{"config.yaml", to_yaml(job.loaded.config, job.worker)}, {"plan.json", text_of(to_json(job.plan), 2) + "\n"}});

  WorkerStart start;
  start.arguments = {"evaluate", folder.file("config.yaml"), "--checkpoint", checkpoint};
  start.plan_path = folder.file("plan.json");
  start.grace_s = job.config.launch.grace_s;
  RunRecord record;
  GroupCallbacks callbacks;
  callbacks.on_event = [&](const StampedEvent& event) {
    if (const auto* weights = std::get_if<WeightsEvent>(&event.event)) say("note: " + weights->note);
    record.on_event(event);
  };
  const WorkerGroup group = worker_group(job, start);
  const GroupResult result = run_group(group.spec, callbacks);
  if (result.failure)
    for (const std::string& line : failure_report(*result.failure, job.world.size > 1)) say(line);
  if (result.exit_code != exit_code::ok) return result.exit_code;

  Json metrics = Json::object();
  for (const auto& [name, value] : record.metrics) metrics[name] = value;
  const Json answer = without_nonfinite({{"checkpoint", checkpoint},
                                         {"metrics", metrics},
                                         {"world_size", job.world.size},
                                         {"seconds", unix_time_s() - start_s}});
  print_results(command.json ? text_of(answer, 2) + "\n" : metrics_text(record.metrics));
  return exit_code::ok;
}

}  // namespace tlaunch
