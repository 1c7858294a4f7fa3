// Named byte ranges to checkpoints and back: retention, failed writes, a disk without room, a stop.
#include "worker/save_thread.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <future>

#include "checkpoint/folder/catalog.h"
#include "tests/support/fault_calls.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/worker/event_reader.h"

namespace tlaunch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
namespace fs = std::filesystem;

class SaveThreadTest : public testing::Test {
 protected:
  SaveThreadTest() {
    environment_.run_dir = dir_.path();
    environment_.events = events_.writer(0);
    config_.filename = "step_{step}";
  }

  // The state is one number per step: 100 x the step.
  bool save(SaveThread& saver, std::int64_t step, double val_loss) {
    const std::map<std::string, double> metrics{{"val_loss", val_loss}};
    if (!saver.begin(step, metrics)) return false;
    weight_ = {static_cast<float>(100 * step), 1};
    saver.write({step, step / 10, metrics, {{"own", "kept"}}}, views());
    return true;
  }
  std::vector<TensorView> views() const { return {{"weight", "F32", {2}, std::as_bytes(std::span(weight_))}}; }

  // The files of the policy, without their extension.
  std::vector<std::string> files() const {
    std::vector<std::string> found;
    for (const auto& info : list_checkpoints(dir_ / "checkpoints")) {
      EXPECT_TRUE(info.valid) << info.reason;
      found.push_back(fs::path(info.path).stem());
    }
    std::sort(found.begin(), found.end());
    return found;
  }

  test::TempDir dir_;
  test::EventReader events_;
  WorkerEnvironment environment_;
  CheckpointConfig config_;
  Recorder recorder_{environment_, LogConfig{}, {}};
  std::vector<float> weight_{0, 0};
};

TEST_F(SaveThreadTest, WhatWasSavedIsReadBackWithItsMetadata) {
  SaveThread saver(environment_, config_, recorder_);
  ASSERT_TRUE(save(saver, 30, 0.5));
  saver.finish();

  const SafetensorsFile file(saver.newest());
  file.verify();
  std::vector<float> read(2);
  file.read(*file.find("weight"), std::as_writable_bytes(std::span(read)));
  EXPECT_THAT(read, ElementsAre(3000, 1));
  EXPECT_EQ(file.metadata().at("own"), "kept");
  const auto info = checkpoint_info(file);
  EXPECT_EQ(info.step, 30);
  EXPECT_EQ(info.epoch, 3);
  EXPECT_EQ(info.metrics.at("val_loss"), 0.5);

  const auto told = events_.read_all<CheckpointEvent>();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].path, file.path());
  EXPECT_EQ(told[0].step, 30);
  EXPECT_EQ(told[0].bytes, file.bytes());
}

TEST_F(SaveThreadTest, TheBestAndTheNewestAreKeptAndWhatIsNeitherIsNotMade) {
  SaveThread saver(environment_, config_, recorder_);
  for (const auto& [step, val_loss] : std::vector<std::pair<int, double>>{{10, 0.5}, {20, 0.3}, {30, 0.4}})
    EXPECT_TRUE(save(saver, step, val_loss));
  saver.finish();
  EXPECT_THAT(files(), ElementsAre("step_20", "step_30"));

  config_.save_last = false;
  SaveThread best_only(environment_, config_, recorder_);
  EXPECT_FALSE(save(best_only, 40, 0.9));
  best_only.keep_newest();
  EXPECT_TRUE(save(best_only, 40, 0.9)) << "the run is stopped: it resumes from its last state";
  best_only.finish();
  EXPECT_THAT(files(), ElementsAre("step_20", "step_40"));
}

TEST_F(SaveThreadTest, EqualStatesAreEqualBytes) {
  std::vector<std::string> contents;
  for (int run = 0; run < 2; ++run) {
    fs::remove_all(dir_ / "checkpoints");
    SaveThread saver(environment_, config_, recorder_);
    save(saver, 10, 0.5);
    saver.finish();
    contents.push_back(test::content(saver.newest()));
  }
  EXPECT_EQ(contents[0], contents[1]);
  EXPECT_FALSE(contents[0].empty());
}

TEST_F(SaveThreadTest, TheBytesAreWaitedForInTheOtherThread) {
  SaveThread saver(environment_, config_, recorder_);
  ASSERT_TRUE(saver.begin(10, {}));
  std::promise<void> copied;
  saver.write({10}, views(), [done = copied.get_future().share()] { done.wait(); });
  saver.poll();
  EXPECT_THAT(events_.names(), ElementsAre()) << "the training thread continues meanwhile";
  weight_[0] = 7;
  copied.set_value();
  saver.finish();
  const SafetensorsFile file(saver.newest());
  std::vector<float> read(2);
  file.read(*file.find("weight"), std::as_writable_bytes(std::span(read)));
  EXPECT_EQ(read[0], 7);
}

TEST_F(SaveThreadTest, WithoutAsyncItIsOnDiskAtOnce) {
  config_.async = false;
  SaveThread saver(environment_, config_, recorder_);
  save(saver, 10, 0.5);
  EXPECT_THAT(events_.names(), ElementsAre("checkpoint"));
}

TEST_F(SaveThreadTest, AFailedWriteIsToldAndLeavesTheOlderOneAndTheNextOneGoesWell) {
  std::atomic<int> error = 0;
  test::FaultCalls calls([&](const std::string& call, int) { return call == "write" ? error.load() : 0; });
  SaveThread saver(environment_, config_, recorder_, calls);
  save(saver, 10, 0.5);
  EXPECT_EQ(fs::path(saver.newest()).stem(), "step_10");
  for (const int cause : {EIO, ENOSPC}) {
    error = cause;
    save(saver, 20, 0.4);
    EXPECT_EQ(fs::path(saver.newest()).stem(), "step_10");
  }
  EXPECT_THAT(files(), ElementsAre("step_10"));
  EXPECT_THAT(events_.names(), ElementsAre("checkpoint", "save_failed", "save_failed"));
  error = 0;
  save(saver, 30, 0.3);
  saver.finish();
  EXPECT_THAT(files(), ElementsAre("step_30"));
}

TEST_F(SaveThreadTest, AFullDiskMakesRoomAtTheCostOfTheWorst) {
  config_.save_top_k = 2;
  std::atomic<bool> full = false;
  test::FaultCalls calls([&](const std::string& call, int) { return call == "write" && full ? ENOSPC : 0; });
  SaveThread saver(environment_, config_, recorder_, calls);
  save(saver, 10, 0.5);
  save(saver, 20, 0.3);
  saver.finish();
  ASSERT_THAT(files(), ElementsAre("step_10", "step_20"));
  full = true;
  save(saver, 30, 0.2);
  EXPECT_EQ(fs::path(saver.newest()).stem(), "step_20");
  EXPECT_THAT(files(), ElementsAre("step_20"));
  const auto failed = events_.read_all<SaveFailedEvent>();
  ASSERT_EQ(failed.size(), 1u);
  EXPECT_EQ(failed[0].step, 30);
  full = false;
  save(saver, 40, 0.1);
  saver.finish();
  EXPECT_THAT(files(), ElementsAre("step_40")) << "one fewer is retained from then on";
}

TEST_F(SaveThreadTest, ThreeFailuresInARowEndTheRun) {
  test::FaultCalls calls([](const std::string& call, int) { return call == "write" ? EIO : 0; });
  SaveThread saver(environment_, config_, recorder_, calls);
  save(saver, 10, 0.5);
  save(saver, 20, 0.4);
  try {
    save(saver, 30, 0.3);
    saver.finish();
    FAIL() << "continued";
  } catch (const IoError& error) {
    EXPECT_EQ(error.system_error, EIO);
    EXPECT_THAT(error.what(), HasSubstr("3 saves in a row failed"));
  }
}

TEST_F(SaveThreadTest, TheLastSaveOfARunIsTriedAgain) {
  std::atomic<int> failures = 1;
  test::FaultCalls calls([&](const std::string& call, int) { return call == "fsync" && failures-- > 0 ? EIO : 0; });
  SaveThread saver(environment_, config_, recorder_, calls);
  save(saver, 10, 0.5);
  saver.finish();
  EXPECT_THAT(files(), ElementsAre("step_10"));
  EXPECT_THAT(events_.names(), ElementsAre("save_failed", "checkpoint"));
}

TEST_F(SaveThreadTest, TheDiskIsLookedAtBeforeTheFirstStepAndBeforeEachSave) {
  SaveThread saver(environment_, config_, recorder_);
  StartEvent facts;
  saver.prepare(views(), {10, 1, {}, {}}, {.saves = 3}, /*fit_disk=*/false, facts);
  ASSERT_TRUE(saver.begin(10, {}));
  saver.write({10, 1, {}, {}}, views());
  saver.finish();
  EXPECT_EQ(facts.checkpoint_bytes, fs::file_size(saver.newest()));
  EXPECT_GT(facts.disk_bytes, facts.checkpoint_bytes);

  config_.min_free_gb = 1e9;  // no disk has that
  SaveThread greedy(environment_, config_, recorder_);
  EXPECT_THROW(greedy.prepare(views(), {}, {.saves = 3}, false, facts), UsageError);
  (void)events_.names();
  save(greedy, 20, 0.5);
  (void)greedy.newest();
  EXPECT_THAT(events_.names(), ElementsAre("save_failed"));
  EXPECT_THAT(files(), ElementsAre("step_10"));
}

TEST_F(SaveThreadTest, AFolderThatCannotBeMadeIsAUsageError) {
  test::write(dir_ / "file", "");
  config_.dirpath = dir_ / "file/below";
  try {
    const SaveThread saver(environment_, config_, recorder_);
    FAIL() << "accepted";
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("checkpoint.dirpath"));
  }
}

}  // namespace
}  // namespace tlaunch
