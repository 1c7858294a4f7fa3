// Events over a pipe, as the launcher reads them, and the files of rank 0.
#include "worker/recorder.h"

#include <gmock/gmock.h>

#include "tests/support/temp_dir.h"
#include "tests/unit/worker/event_reader.h"

namespace tlaunch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class RecorderTest : public testing::Test {
 protected:
  RecorderTest() {
    environment_.run_dir = dir_.path();
    environment_.events = events_.writer(0);
  }
  Recorder recorder() {
    LogConfig log;
    log.tensorboard = false;
    return {environment_, log, {"val_loss"}};
  }

  test::TempDir dir_;
  test::EventReader events_;
  WorkerEnvironment environment_;
};

TEST_F(RecorderTest, AStepIsARowAndAnEvent) {
  auto recorder = this->recorder();
  recorder.open(0);
  recorder.step(10, 0, 2560, {.train_loss = 0.5, .learning_rate = 0.1, .samples_per_s = 100});
  recorder.evaluation({10, 0, 64, 0.1, {{"val_loss", 0.25}}});
  recorder.finish();
  EXPECT_EQ(test::content(dir_ / "metrics.csv"),
            "step,epoch,train_loss,learning_rate,samples_per_s,val_loss\n10,0,0.5,0.1,100,\n10,0,,,,0.25\n");
  EXPECT_THAT(events_.names(), ElementsAre("step", "eval"));
}

TEST_F(RecorderTest, OtherRanksWriteNothing) {
  environment_.rank = 1;
  auto recorder = this->recorder();
  recorder.open(0);
  recorder.step(10, 0, 2560, {});
  recorder.finish();
  EXPECT_FALSE(std::filesystem::exists(dir_ / "metrics.csv"));
  EXPECT_THAT(events_.names(), ElementsAre());
}

TEST_F(RecorderTest, GoingBackDropsTheRowsBeyond) {
  auto recorder = this->recorder();
  recorder.open(0);
  for (const std::int64_t step : {10, 20, 30}) recorder.step(step, 0, step, {});
  recorder.open(10);
  recorder.step(20, 0, 20, {.train_loss = 7});
  recorder.finish();
  EXPECT_THAT(test::content(dir_ / "metrics.csv"), testing::AllOf(HasSubstr("\n20,0,7,"), Not(HasSubstr("\n30,"))));
}

TEST_F(RecorderTest, AFileThatCannotBeWrittenIsToldAndStopsNothing) {
  std::filesystem::create_directory(dir_ / "metrics.csv");
  auto recorder = this->recorder();
  recorder.open(0);
  recorder.step(10, 0, 2560, {});
  recorder.finish();
  EXPECT_THAT(events_.names(), testing::IsSupersetOf({"step", "log_failed"}));
}

}  // namespace
}  // namespace tlaunch
