#include "worker/recorder.h"

#include <filesystem>
#include <iostream>

#include "contract/event_codec.h"

namespace tlaunch {
namespace {

constexpr const char* csv_name = "metrics.csv";
constexpr const char* tensorboard_name = "tensorboard";

}  // namespace

Recorder::Recorder(const WorkerEnvironment& environment, const LogConfig& log, const std::vector<std::string>& metrics)
    : environment_(environment),
      csv_wanted_(log.csv),
      tensorboard_wanted_(log.tensorboard),
      columns_{"step", "epoch", "train_loss", "learning_rate", "samples_per_s"} {
  columns_.insert(columns_.end(), metrics.begin(), metrics.end());
}

void Recorder::open(std::int64_t step) {
  if (!environment_.is_main() || environment_.run_dir.empty()) return;
  const auto tell_of = [this](const std::string& file) {
    return [this, file](const std::string& problem) {
      environment_.events.write(LogFailedEvent{file, problem});
      if (!environment_.events.connected())
        std::cerr << "warning: " << problem << std::endl;  // otherwise the launcher prints it
    };
  };
  close();
  if (csv_wanted_)
    csv_ = std::make_unique<MetricsCsv>(environment_.run_dir + "/" + csv_name, columns_, step, tell_of(csv_name));
  if (tensorboard_wanted_)
    tensorboard_ = std::make_unique<TensorboardWriter>(environment_.run_dir + "/" + tensorboard_name, step,
                                                       tell_of(tensorboard_name));
}

void Recorder::close() {
  if (csv_ && csv_->finish() > 0) incomplete_.insert(csv_name);
  if (tensorboard_ && tensorboard_->finish() > 0) incomplete_.insert(tensorboard_name);
  csv_.reset();
  tensorboard_.reset();
}

void Recorder::finish() {
  close();
  for (const std::string& file : incomplete_) event(LogIncompleteEvent{file});
}

void Recorder::write(std::int64_t step, std::int64_t epoch, const std::map<std::string, double>& figures) {
  if (tensorboard_)
    for (const auto& [name, value] : figures) tensorboard_->scalar(name, step, value);
  if (!csv_) return;
  auto row = figures;
  row["step"] = static_cast<double>(step);
  row["epoch"] = static_cast<double>(epoch);
  csv_->row(row);
}

void Recorder::step(std::int64_t step, std::int64_t epoch, std::int64_t samples, const StepFigures& figures) {
  if (!environment_.is_main()) return;
  write(step, epoch,
        {{"train_loss", figures.train_loss},
         {"learning_rate", figures.learning_rate},
         {"samples_per_s", figures.samples_per_s}});
  StepEvent event_of_step;
  event_of_step.step = step;
  event_of_step.epoch = epoch;
  event_of_step.loss = figures.train_loss;
  event_of_step.learning_rate = figures.learning_rate;
  event_of_step.samples = samples;
  event_of_step.samples_per_s = figures.samples_per_s;
  event(event_of_step);
}

void Recorder::evaluation(const EvaluationEvent& evaluation) {
  if (!environment_.is_main()) return;
  write(evaluation.step, evaluation.epoch.value_or(0), evaluation.metrics);
  event(evaluation);
}

void Recorder::detection(const DetectionEvent& detection) {
  if (!environment_.is_main()) return;
  write(detection.step, detection.epoch, detection.metrics);
  event(detection);
}

void Recorder::event(const Event& event) {
  if (!environment_.is_main()) return;
  environment_.events.write(event);
  if (!environment_.events.connected()) std::cout << name_of(event) << " " << text_of(fields_of(event)) << std::endl;
}

}  // namespace tlaunch
