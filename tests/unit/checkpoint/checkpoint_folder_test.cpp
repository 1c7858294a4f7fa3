#include "checkpoint/folder/checkpoint_folder.h"

#include <gmock/gmock.h>

#include <cmath>

#include "tests/unit/checkpoint/folder_fixture.h"

namespace tlaunch {
namespace {

using test::save;
using testing::ElementsAre;
namespace fs = std::filesystem;

TEST(CheckpointFolder, KeepsTheBestAndTheNewest) {
  test::RunFolder run;
  run.policy.save_top_k = 2;
  auto folder = run.open();
  for (const auto& [step, loss] : {std::pair{1, 0.5}, {2, 0.3}, {3, 0.4}, {4, 0.9}, {5, 0.6}}) save(folder, step, loss);
  EXPECT_THAT(run.names(), ElementsAre("last", "step_002", "step_003", "step_005"));
  EXPECT_TRUE(fs::equivalent(run.dir / "checkpoints/last.safetensors", run.dir / "checkpoints/step_005.safetensors"));
  EXPECT_EQ(folder.newest(), run.dir / "checkpoints/step_005.safetensors");
}

TEST(CheckpointFolder, ModeMaxKeepsTheGreatest) {
  test::RunFolder run;
  run.policy = {.save_top_k = 1, .save_last = false, .monitor = "val_accuracy", .lower_is_better = false};
  auto folder = run.open();
  for (const auto& [step, accuracy] : {std::pair{1, 0.5}, {2, 0.8}, {3, 0.7}})
    if (folder.wants(step, {{"val_accuracy", accuracy}})) save(folder, step, {{"val_accuracy", accuracy}});
  EXPECT_THAT(run.names(), ElementsAre("step_002"));
}

TEST(CheckpointFolder, KeepsAllOrOnlyTheNewestWhereAskedTo) {
  for (const auto& [top_k, kept] : {std::pair{-1, 5u}, {0, 2u}}) {
    test::RunFolder run;
    run.policy.save_top_k = top_k;
    auto folder = run.open();
    for (int step = 1; step <= 4; ++step) save(folder, step, 1.0 / step);
    EXPECT_EQ(run.names().size(), kept) << "with the link";
  }
}

TEST(CheckpointFolder, AMetricThatIsNoNumberIsNeverAmongTheBest) {
  test::RunFolder run;
  auto folder = run.open();
  save(folder, 1, 0.5);
  save(folder, 2, NAN);
  save(folder, 3, -INFINITY);
  save(folder, 4, std::map<std::string, double>{});
  EXPECT_THAT(run.names(), ElementsAre("last", "step_001", "step_004"));
}

TEST(CheckpointFolder, DoesNotWantWhatItWouldDeleteAtOnce) {
  test::RunFolder run;
  run.policy = {.save_top_k = 1, .save_last = false};
  auto folder = run.open();
  EXPECT_FALSE(folder.wants(1, {})) << "before the first evaluation there is no metric";
  EXPECT_TRUE(folder.wants(1, {{"val_loss", 0.5}}));
  save(folder, 1, 0.5);
  EXPECT_FALSE(folder.wants(2, {{"val_loss", 0.6}}));
  EXPECT_TRUE(folder.wants(2, {{"val_loss", 0.4}}));
}

TEST(CheckpointFolder, TheBestAreRememberedOverARestart) {
  test::RunFolder run;
  run.policy.save_top_k = 2;
  {
    auto folder = run.open();
    for (const auto& [step, loss] : {std::pair{1, 0.5}, {2, 0.1}, {3, 0.2}}) save(folder, step, loss);
  }
  auto folder = run.open();
  save(folder, 4, 0.3);
  EXPECT_THAT(run.names(), ElementsAre("last", "step_002", "step_003", "step_004"));
}

TEST(CheckpointFolder, NeverDeletesWhatItDidNotWriteNorWhatItWasResumedFrom) {
  test::RunFolder run;
  std::string first;
  {
    auto folder = run.open();
    first = save(folder, 1, 0.9).path;
  }
  fs::copy_file(first, run.dir / "checkpoints/mine.safetensors");  // a user's copy
  test::write(run.dir / "checkpoints/notes.txt", "x");
  auto folder = run.open(system_calls(), first);
  for (const auto& [step, loss] : {std::pair{2, 0.5}, {3, 0.3}, {4, 0.2}}) save(folder, step, loss);
  EXPECT_THAT(run.names(), ElementsAre("last", "mine", "notes.txt", "step_001", "step_004"));
  // The copy is not ranked among the best, whatever its metric.
  save(folder, 5, 0.4);
  EXPECT_THAT(run.names(), ElementsAre("last", "mine", "notes.txt", "step_001", "step_004", "step_005"));
}

TEST(CheckpointFolder, AnotherRunsFilesInTheSameFolderStay) {
  test::RunFolder one, other;
  {
    auto folder = one.open();
    save(folder, 1, 0.1);
  }
  CheckpointFolder folder(one.checkpoints(), other.dir.path(), {}, "");
  const auto made = save(folder, 1, 0.7).path;
  EXPECT_THAT(made, testing::HasSubstr("step_001-v1.safetensors")) << "nor is one overwritten";
  save(folder, 2, 0.6);
  EXPECT_THAT(one.names(), ElementsAre("last", "step_001", "step_002"));
}

TEST(CheckpointFolder, TheSameStepSavedAgainReplacesItsFile) {
  test::RunFolder run;
  auto folder = run.open();
  save(folder, 1, 0.5);
  save(folder, 1, 0.4);
  EXPECT_THAT(run.names(), ElementsAre("last", "step_001"));
  EXPECT_EQ(list_checkpoints(run.checkpoints()).front().metrics.at("val_loss"), 0.4);
}

TEST(CheckpointFolder, ANameThatAnotherStepHasIsNotTakenFromIt) {
  test::RunFolder run;
  run.policy.save_top_k = 3;
  auto folder = run.open();
  const std::vector<float> weight(4, 1);
  for (int step = 1; step <= 3; ++step)
    folder.save("epoch_01", {{"w", "F32", {4}, std::as_bytes(std::span(weight))}},
                test::metadata_of(step, {{"val_loss", 0.5}}));
  EXPECT_THAT(run.names(), ElementsAre("epoch_01", "epoch_01-v1", "epoch_01-v2", "last"));
}

TEST(CheckpointFolder, AResumeWithoutSaveLastLeavesNoLinkToWhatIsNotTheNewest) {
  for (const double second : {0.4, 0.6}) {  // the link's target is deleted; it stays as the best
    test::RunFolder run;
    {
      auto folder = run.open();
      save(folder, 1, 0.5);
    }
    run.policy.save_last = false;
    auto folder = run.open();
    save(folder, 2, second);
    EXPECT_THAT(run.names(), ElementsAre(second < 0.5 ? "step_002" : "step_001"));
  }
}

TEST(CheckpointFolder, AnotherRunsLinkStays) {
  test::RunFolder one, other;
  {
    auto folder = one.open();
    save(folder, 1, 0.1);
  }
  CheckpointFolder folder(one.checkpoints(), other.dir.path(), {.save_top_k = 1, .save_last = false}, "");
  save(folder, 2, 0.7);
  EXPECT_THAT(one.names(), ElementsAre("last", "step_001", "step_002"));
}

TEST(CheckpointFolder, SweepsWhatKilledWritersLeft) {
  test::RunFolder run;
  {
    auto folder = run.open();
    save(folder, 1, 0.5);
  }
  const pid_t gone = [] {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(0);
    ::waitpid(child, nullptr, 0);
    return child;
  }();
  const std::string ending = "." + std::to_string(gone) + "-0.tmp";
  test::write(run.dir / "checkpoints" / (".step_001.safetensors" + ending), "half");
  test::write(run.dir / "checkpoints" / (".other.safetensors" + ending), "another run's");
  test::write(run.dir / "checkpoints" / (".step_001.safetensors." + std::to_string(::getppid()) + "-0.tmp"), "at work");
  run.open();
  EXPECT_FALSE(fs::exists(run.dir / "checkpoints" / (".step_001.safetensors" + ending)));
  EXPECT_TRUE(fs::exists(run.dir / "checkpoints" / (".other.safetensors" + ending)));
  EXPECT_EQ(run.names().size(), 4u);
}

TEST(CheckpointFolder, RoomIsMadeFromTheWorstOfTheBestAndNeverFromTheBestOrTheNewest) {
  test::RunFolder run;
  run.policy.save_top_k = 3;
  auto folder = run.open();
  for (const auto& [step, loss] : {std::pair{1, 0.5}, {2, 0.1}, {3, 0.2}, {4, 0.9}}) save(folder, step, loss);
  EXPECT_EQ(folder.make_room(), run.dir / "checkpoints/step_001.safetensors");
  EXPECT_EQ(folder.make_room(), run.dir / "checkpoints/step_003.safetensors");
  EXPECT_EQ(folder.make_room(), "");
  EXPECT_THAT(run.names(), ElementsAre("last", "step_002", "step_004"));
  save(folder, 5, 0.15);
  EXPECT_THAT(run.names(), ElementsAre("last", "step_002", "step_005")) << "one less is kept from now on";
}

TEST(CheckpointFolder, WhereAllAreToBeKeptNoneIsGivenUpForRoom) {
  test::RunFolder run;
  run.policy.save_top_k = -1;
  auto folder = run.open();
  save(folder, 1, 0.5);
  save(folder, 2, 0.4);
  EXPECT_EQ(folder.make_room(), "");
  EXPECT_EQ(run.names().size(), 3u);
}

TEST(CheckpointFolder, ACheckpointNeverHasTheNameOfTheLink) {
  test::RunFolder run;
  auto folder = run.open();
  const std::vector<float> weight(4, 1);
  const auto made = folder.save("last", {{"w", "F32", {4}, std::as_bytes(std::span(weight))}},
                                test::metadata_of(1, {{"val_loss", 0.5}}));
  EXPECT_EQ(made.path, run.dir / "checkpoints/last-v1.safetensors");
  EXPECT_TRUE(fs::equivalent(run.dir / "checkpoints/last.safetensors", made.path));
}

// Creates a file with the wanted name at the last moment, as another run in the same folder may.
class Rival : public FileCalls {
 public:
  int rename_new(const char* from, const char* to) override {
    if (path.empty()) test::write(path = to, "another run's");
    return FileCalls::rename_new(from, to);
  }
  std::string path;
};

TEST(CheckpointFolder, ANameThatAnotherRunTakesMeanwhileIsLeftToIt) {
  test::RunFolder run;
  Rival rival;
  auto folder = run.open(rival);
  const auto made = save(folder, 1, 0.5);
  EXPECT_EQ(test::content(rival.path), "another run's");
  EXPECT_EQ(made.path, run.dir / "checkpoints/step_001-v1.safetensors");
  EXPECT_TRUE(fs::exists(made.path));
  const WrittenFiles list(run.dir.path(), run.checkpoints());
  EXPECT_EQ(list.own(), std::set<std::string>{made.path});
}

TEST(CheckpointFolder, AFileThatHasTheNameOfTheLinkStays) {
  test::RunFolder run;
  auto folder = run.open();
  test::write(run.dir / "checkpoints/last.safetensors", "somebody's file");
  const auto made = save(folder, 1, 0.5);
  EXPECT_THAT(made.problem, testing::HasSubstr("last.safetensors is a file"));
  EXPECT_EQ(test::content(run.dir / "checkpoints/last.safetensors"), "somebody's file");
}

TEST(CheckpointFolder, TellsThatItsFolderOrTheRunsWasTakenAway) {
  for (const bool whole_run : {false, true}) {
    test::RunFolder run;
    const std::string run_dir = run.dir / "run", checkpoints = run_dir + "/checkpoints";
    fs::create_directory(run_dir);
    CheckpointFolder folder(checkpoints, run_dir, run.policy, "");
    EXPECT_EQ(save(folder, 1, 0.5).gone, "");
    EXPECT_EQ(save(folder, 2, 0.4).gone, "");
    fs::rename(whole_run ? run_dir : checkpoints, run.dir / "elsewhere");
    const auto made = save(folder, 3, 0.3);
    EXPECT_EQ(made.gone, whole_run ? run_dir : checkpoints);
    EXPECT_TRUE(fs::exists(made.path)) << "the work is saved all the same";
    EXPECT_EQ(made.problem, "");
    EXPECT_EQ(save(folder, 4, 0.2).gone, "") << "told once";
  }
}

TEST(CheckpointFolder, AListThatCannotBeWrittenCostsNoCheckpoint) {
  test::RunFolder run;
  auto folder = run.open();
  fs::create_directory(run.dir / "checkpoints.txt");  // a file cannot be renamed to a folder
  const auto made = save(folder, 1, 0.5);
  EXPECT_TRUE(fs::exists(made.path));
  EXPECT_THAT(made.problem, testing::AllOf(testing::HasSubstr("checkpoints.txt"), testing::HasSubstr("--resume")));
}

}  // namespace
}  // namespace tlaunch
