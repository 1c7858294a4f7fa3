#include "trainer/state/saver.h"

#include <utility>

#include "trainer/ranks/agree.h"
#include "worker/run_phase.h"

namespace tlaunch {

Saver::Saver(const WorkerContext& context, const CheckpointConfig& config, const Ranks& ranks, Recorder& recorder)
    : ranks_(ranks), saves_(!SaveThread::folder(context, config).empty()), snapshot_(context.device) {
  if (saves_ && context.is_main()) thread_.emplace(context, config, recorder);
}

void Saver::prepare(const NamedTensors& tensors, const SavePoint& point, const LogWork& work, bool fit_disk,
                    StartEvent& facts) {
  if (thread_) thread_->prepare(views_of(tensors), point, work, fit_disk, facts);
}

bool Saver::begin(std::int64_t step, const std::map<std::string, double>& metrics) {
  return saves_ && agree(ranks_, thread_ && thread_->begin(step, metrics)) != 0;
}

void Saver::copy(const NamedTensors& tensors) {
  if (thread_) snapshot_.take(tensors);
}

void Saver::write(SavePoint point) {
  if (thread_) thread_->write(std::move(point), snapshot_.views(), [this] { snapshot_.wait(); });
}

void Saver::poll() {
  if (thread_) thread_->poll();
}

void Saver::keep_newest() {
  if (thread_) thread_->keep_newest();
}

void Saver::finish() {
  const PhaseScope phase(RunPhase::save);
  if (thread_) thread_->finish();
}

std::string Saver::newest() { return agree(ranks_, thread_ ? thread_->newest() : std::string()); }

}  // namespace tlaunch
