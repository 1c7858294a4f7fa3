// A worker made of this room's parts without the C++ trainer, as a rank in another language would use them. Its model
// is one number, to which each step adds something of each sample, in their order.
#include <gtest/gtest.h>
#include <signal.h>

#include "checkpoint/folder/catalog.h"
#include "checkpoint/folder/run_terms.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/worker/event_reader.h"
#include "worker/heartbeat.h"
#include "worker/position.h"
#include "worker/run_identity.h"
#include "worker/run_phase.h"
#include "worker/sampler.h"
#include "worker/save_thread.h"
#include "worker/stop_request.h"

namespace tlaunch {
namespace {

constexpr std::int64_t samples = 103, seed = 7, total_steps = 25;  // ten steps an epoch, and three samples left out
constexpr BatchSplit split{.micro_batch = 5, .accumulation = 2, .world_size = 1};

class SmallWorker {
 public:
  explicit SmallWorker(const std::map<std::string, std::string>& variables)
      : environment_(read_worker_environment([&](const std::string& name) -> std::optional<std::string> {
          const auto found = variables.find(name);
          return found == variables.end() ? std::nullopt : std::optional(found->second);
        })) {
    if (!environment_.resume_path.empty()) resume();
  }

  // Trains to the end, or until the signal that comes in step `stop_after`. Returns the model.
  double train(std::int64_t stop_after = total_steps) {
    const Heartbeat heartbeat(environment_.events, environment_.heartbeat_s);
    recorder_.open(position_.step);
    StartEvent facts;
    saver_.prepare(views(), point(), {.saves = 1}, /*fit_disk=*/false, facts);
    recorder_.event(facts);
    while (position_.step < total_steps) {
      step();
      recorder_.step(position_.step, epoch(), position_.step * split.effective(), {.train_loss = model_});
      if (stop_.after_step(position_.step == stop_after ? SIGTERM : 0)) break;
    }
    saver_.keep_newest();
    if (saver_.begin(position_.step, position_.metrics)) saver_.write(point(), views());
    saver_.finish();
    recorder_.finish();
    return model_;
  }
  std::string newest() { return saver_.newest(); }

 private:
  void step() {
    note_step(position_.step + 1);
    note_phase(RunPhase::forward);
    const auto order = sampler_.permutation(epoch());
    for (std::int64_t micro_step = 0; micro_step < split.accumulation; ++micro_step)
      for (const auto index :
           sampler_.micro_batch(order, position_.step % sampler_.steps_per_epoch(), micro_step, environment_.rank))
        model_ = 0.9 * model_ + static_cast<double>(index);
    ++position_.step;
  }
  std::int64_t epoch() const { return position_.step / sampler_.steps_per_epoch(); }
  RunIdentity identity() const {
    return {.seed = seed,
            .train_samples = samples,
            .effective_batch_size = split.effective(),
            .steps_per_epoch = sampler_.steps_per_epoch()};
  }
  SavePoint point() const {
    const Json state{{"progress", to_json(position_)}, {"run", to_json(identity())}};
    return {position_.step, epoch(), position_.metrics, {{state_key, text_of(without_nonfinite(state))}}};
  }
  std::vector<TensorView> views() const { return {{"model", "F64", {1}, std::as_bytes(std::span(&model_, 1))}}; }
  void resume() {
    const SafetensorsFile file(environment_.resume_path);
    file.verify();
    const auto state = Json::parse(file.metadata().at(state_key));
    check_same_run(run_identity_from_json(state.at("run")), identity(), file.path());
    position_ = position_from_json(state.at("progress"));
    file.read(*file.find("model"), std::as_writable_bytes(std::span(&model_, 1)));
  }

  WorkerEnvironment environment_;
  Sampler sampler_{samples, seed, split};
  Position position_;
  double model_ = 1;
  Recorder recorder_{environment_, LogConfig{}, {}};
  SaveThread saver_{environment_, CheckpointConfig{}, recorder_};
  StopAgreement stop_{environment_.rank, environment_.world_size, {}, {}};
};

std::map<std::string, std::string> variables(const test::TempDir& run_dir, const test::EventReader& events) {
  return {{"TLAUNCH_RUN_DIR", run_dir.path()},
          {"TLAUNCH_EVENT_FD", std::to_string(events.writer(0).fd())},
          {"TLAUNCH_HEARTBEAT_S", "1000"}};
}

TEST(WholeWorker, StoppedInMidEpochAndResumedEndsWithTheSameBytes) {
  const test::TempDir straight_dir, stopped_dir;
  test::EventReader straight_events, stopped_events;
  SmallWorker straight(variables(straight_dir, straight_events));
  const double expected = straight.train();

  SmallWorker first(variables(stopped_dir, stopped_events));
  first.train(/*stop_after=*/14);
  auto again = variables(stopped_dir, stopped_events);
  again["TLAUNCH_RESUME"] = first.newest();
  EXPECT_EQ(checkpoint_info(SafetensorsFile(first.newest())).step, 14);
  EXPECT_EQ(run_terms_of(first.newest()).effective_batch_size, split.effective()) << "as the launcher reads it";

  SmallWorker second(again);
  EXPECT_EQ(second.train(), expected);
  EXPECT_EQ(test::content(second.newest()), test::content(straight.newest()));
  const auto steps = stopped_events.read_all<StepEvent>();
  ASSERT_EQ(steps.size(), static_cast<std::size_t>(total_steps));
  EXPECT_EQ(steps.back().epoch, 2);
}

}  // namespace
}  // namespace tlaunch
