#include "trainer/recorder.h"

#include <filesystem>
#include <iostream>

namespace tlaunch {
namespace {

constexpr const char* csv_name = "metrics.csv";
constexpr const char* tensorboard_name = "tensorboard";

}  // namespace

Recorder::Recorder(const WorkerContext& context, const LogConfig& log, const std::vector<std::string>& metrics)
    : context_(context),
      csv_wanted_(log.csv),
      tensorboard_wanted_(log.tensorboard),
      columns_{"step", "epoch", "train_loss", "learning_rate", "samples_per_s"} {
  columns_.insert(columns_.end(), metrics.begin(), metrics.end());
}

void Recorder::open(std::int64_t step) {
  if (!context_.is_main() || context_.run_dir.empty()) return;
  const auto tell_of = [this](const std::string& file) {
    return [this, file](const std::string& problem) {
      context_.events.write("log_failed", {{"file", file}, {"message", problem}});
      if (!context_.events.connected()) std::cerr << "warning: " << problem << std::endl;  // else the launcher says it
    };
  };
  close();
  if (csv_wanted_)
    csv_ = std::make_unique<MetricsCsv>(context_.run_dir + "/" + csv_name, columns_, step, tell_of(csv_name));
  if (tensorboard_wanted_)
    tensorboard_ = std::make_unique<TensorboardWriter>(context_.run_dir + "/" + tensorboard_name, step,
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
  for (const std::string& file : incomplete_) event("log_incomplete", {{"file", file}});
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
  if (!context_.is_main()) return;
  write(step, epoch,
        {{"train_loss", figures.train_loss},
         {"learning_rate", figures.learning_rate},
         {"samples_per_s", figures.samples_per_s}});
  event("step", {{"step", step},
                 {"epoch", epoch},
                 {"loss", figures.train_loss},
                 {"learning_rate", figures.learning_rate},
                 {"samples", samples},
                 {"samples_per_s", figures.samples_per_s}});
}

void Recorder::metrics(const std::string& event_name, std::int64_t step, std::int64_t epoch, std::int64_t samples,
                       const std::map<std::string, double>& metrics, double seconds) {
  if (!context_.is_main()) return;
  write(step, epoch, metrics);
  Json fields{{"step", step}, {"epoch", epoch}};
  for (const auto& [name, value] : metrics) fields[name] = value;
  fields["samples"] = samples;
  fields["seconds"] = seconds;
  event(event_name, fields);
}

void Recorder::event(const std::string& name, const Json& fields) {
  if (!context_.is_main()) return;
  context_.events.write(name, fields);
  if (!context_.events.connected()) std::cout << name << " " << text_of(fields) << std::endl;
}

}  // namespace tlaunch
