#include "trainer/loop/evaluate_checkpoint.h"

#include "trainer/loop/detect.h"
#include "trainer/loop/evaluate.h"
#include "trainer/state/train_state.h"
#include "worker/recorder.h"

namespace tlaunch {

void evaluate_checkpoint(const WorkerContext& context, const RunConfig& config, const Ranks& ranks,
                         const std::string& path) {
  auto setup = make_training_setup(config, context.device, make_dataset(config.data, config.model.options));
  std::string note;
  {
    const SafetensorsFile file(path);
    file.verify();
    note = load_weights(file, setup);
  }
  Recorder recorder(context, {.log_interval = {}, .gpu_log_interval = {}, .tensorboard = false, .csv = false}, {});
  if (!note.empty()) recorder.event(WeightsEvent{note});
  HalvingBatch evaluation(RunPhase::evaluation), detection(RunPhase::detection);
  const auto result = evaluate(setup, ranks, config, evaluation);
  auto metrics = result.metrics;
  if (setup.dataset->session_tests())
    for (const auto& [name, value] : detect(setup, ranks, config.model.options, detection)) metrics[name] = value;
  EndEvent end;
  end.samples = result.samples;
  end.metrics = metrics;
  end.train_wall_s = result.seconds;
  recorder.event(end);
}

}  // namespace tlaunch
