// Where rank 0's figures go: events for the launcher, metrics.csv, TensorBoard scalars, and plain lines on stdout if
// the worker runs without a launcher. On other ranks it does nothing.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "config/run_config.h"
#include "worker/environment.h"
#include "worker/metrics_csv.h"
#include "worker/tensorboard.h"

namespace tlaunch {

class Recorder {
 public:
  // `metrics`: all names that an evaluation may yield, for fixed CSV columns. Touches no file yet.
  Recorder(const WorkerEnvironment& environment, const LogConfig& log, const std::vector<std::string>& metrics);

  // Call this before the first row, and when the run goes back to `step`. Drops the rows and scalars of an earlier
  // attempt beyond `step`, because this run writes them again.
  void open(std::int64_t step);

  struct StepFigures {
    double train_loss = 0, learning_rate = 0, samples_per_s = 0;
  };
  void step(std::int64_t step, std::int64_t epoch, std::int64_t samples, const StepFigures& figures);
  void evaluation(const EvaluationEvent& evaluation);
  void detection(const DetectionEvent& detection);
  // Tries a last time to write the lines that wait for room on a full disk; reports each log that still lacks lines.
  void finish();
  // Any other event of rank 0.
  void event(const Event& event);

 private:
  void close();
  void write(std::int64_t step, std::int64_t epoch, const std::map<std::string, double>& figures);

  const WorkerEnvironment& environment_;
  bool csv_wanted_, tensorboard_wanted_;
  std::vector<std::string> columns_;
  std::unique_ptr<MetricsCsv> csv_;
  std::unique_ptr<TensorboardWriter> tensorboard_;
  std::set<std::string> incomplete_;  // logs that lack lines
};

}  // namespace tlaunch
