#include "checkpoint/folder/run_checkpoints.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "checkpoint/folder/run_terms.h"
#include "tests/support/limits.h"
#include "tests/unit/checkpoint/folder_fixture.h"

namespace tlaunch {
namespace {

using test::save;
using testing::HasSubstr;
namespace fs = std::filesystem;

// Two runs that keep their checkpoints in one folder outside both run folders.
struct Shared {
  test::TempDir dir;
  RetentionPolicy policy{.save_top_k = 0};  // only the newest
  std::string run(const std::string& name) const { return (dir / name).string(); }
  std::string folder() const { return (dir / "shared").string(); }
  CheckpointFolder open(const std::string& name) const {
    fs::create_directories(run(name));
    return CheckpointFolder(folder(), run(name), policy, "");
  }
  ResumeChoice newest(const std::string& name) const { return newest_of_run(run(name), folder()); }
};

TEST(RunCheckpoints, ARunGoesOnFromItsOwnFileAndNeverFromANewerOneOfAnother) {
  const Shared shared;
  auto a = shared.open("a"), b = shared.open("b");
  const auto own = save(a, 10, 0.5).path;
  save(b, 20, 0.1);
  EXPECT_EQ(shared.newest("a").path, own);
  EXPECT_EQ(shared.newest("a").not_asked_for, 1u);
  EXPECT_EQ(shared.newest("c").path, "") << "one that has written nothing has nothing to go on from";
}

TEST(RunCheckpoints, ANameThatRetentionGaveUpIsTheNextRuns) {
  const Shared shared;
  auto a = shared.open("a");
  save(a, 10, 0.5);
  save(a, 20, 0.4);  // deletes step_010
  auto b = shared.open("b");
  const auto theirs = save(b, 10, 0.3).path;
  EXPECT_THAT(theirs, testing::EndsWith("/step_010.safetensors"));
  EXPECT_EQ(shared.newest("a").path, shared.folder() + "/step_020.safetensors");
  auto again = shared.open("a");
  save(again, 30, 0.2);
  EXPECT_TRUE(fs::exists(theirs)) << "nor is it deleted as one of a's";
}

TEST(RunCheckpoints, InTheRunsOwnFolderAllFilesCount) {
  test::RunFolder run;
  auto folder = run.open();
  save(folder, 1, 0.5);
  fs::remove(run.dir / "checkpoints.txt");
  EXPECT_EQ(newest_of_run(run.dir.path(), run.checkpoints()).path, run.dir / "checkpoints/step_001.safetensors");
}

TEST(RunCheckpoints, AnotherRunsFileInTheRunsOwnFolderDoesNotCount) {
  test::RunFolder run;
  test::TempDir other;
  auto folder = run.open();
  const auto own = save(folder, 1, 0.5).path;
  CheckpointFolder guest(run.checkpoints(), other.path(), run.policy, "");
  save(guest, 2, 0.1);
  EXPECT_EQ(newest_of_run(run.dir.path(), run.checkpoints()).path, own);
}

TEST(RunCheckpoints, ADamagedListStopsWhereItIsNeededAndNowhereElse) {
  const Shared shared;
  test::RunFolder run;
  auto in_shared = shared.open("a");
  auto in_own = run.open();
  save(in_shared, 1, 0.5);
  const auto own = save(in_own, 1, 0.5).path;
  for (const std::string& list : {shared.run("a") + "/checkpoints.txt", (run.dir / "checkpoints.txt").string()}) {
    std::string text = test::content(list);
    text[text.find("step")] ^= 1;
    test::write(list, text);
  }
  EXPECT_THROW(shared.newest("a"), IoError);
  EXPECT_EQ(newest_of_run(run.dir.path(), run.checkpoints()).path, own);
  test::write(shared.run("a") + "/checkpoints.txt", "");
  EXPECT_THROW(shared.newest("a"), IoError);
  fs::remove(own);
  EXPECT_THROW(newest_of_run(run.dir.path(), run.checkpoints()), IoError) << "and the files are gone as well";
}

TEST(RunCheckpoints, FilesThatAreGoneAreNoRunThatHasNotBegun) {
  const Shared shared;
  auto a = shared.open("a");
  const auto path = save(a, 10, 0.5).path;
  fs::rename(shared.folder(), shared.dir / "unmounted");
  for (const bool mount_point : {false, true}) {
    if (mount_point) fs::create_directory(shared.folder());
    try {
      shared.newest("a");
      ADD_FAILURE();
    } catch (const IoError& error) {
      EXPECT_THAT(error.what(), testing::AllOf(HasSubstr(fs::path(path).filename().string()),
                                               HasSubstr(shared.folder()), HasSubstr("checkpoints.txt")));
    }
  }
  fs::remove(shared.run("a") + "/checkpoints.txt");  // as the message advises
  EXPECT_EQ(shared.newest("a").path, "");
}

TEST(RunCheckpoints, AKillInTheFirstSaveLeavesNothingToMiss) {
  const Shared shared;
  shared.open("a");
  WrittenFiles(shared.run("a"), shared.folder()).begin(shared.folder() + "/step_001.safetensors");
  EXPECT_EQ(shared.newest("a").path, "");
}

TEST(RunCheckpoints, AnotherRunsFileThatCannotBeReadIsNoMatter) {
  const Shared shared;
  auto a = shared.open("a"), b = shared.open("b");
  const auto own = save(a, 10, 0.5).path;
  const auto theirs = save(b, 20, 0.1).path;
  fs::remove(theirs);
  fs::create_directory(theirs);  // it can be opened, but it is not a file
  EXPECT_EQ(shared.newest("a").path, own);
}

TEST(RunCheckpoints, OnlyDamageFallsBackToAnOlderOne) {
  test::RunFolder run;
  run.policy.save_top_k = -1;
  auto folder = run.open();
  const auto older = save(folder, 1, 0.5).path, newer = save(folder, 2, 0.4).path;
  const std::string whole = test::content(newer);
  test::write(newer, whole.substr(0, whole.size() - 1));
  EXPECT_EQ(newest_of_run(run.dir.path(), run.checkpoints()).path, older);
  test::write(newer, whole);
  const test::NoMoreDescriptors none(1);
  EXPECT_THROW(newest_of_run(run.dir.path(), run.checkpoints()), IoError);
}

class Terms : public testing::Test {
 protected:
  std::string file(const std::string& state) const {
    const std::string path = dir_ / "a.safetensors";
    const std::vector<float> weight(4, 1);
    auto metadata = test::metadata_of(1, {});
    metadata["tlaunch.state"] = state;
    write_safetensors(path, {{"w", "F32", {4}, std::as_bytes(std::span(weight))}}, metadata);
    return path;
  }
  test::TempDir dir_;
};

TEST_F(Terms, AreReadFromTheCheckpointItself) {
  const auto terms = run_terms_of(
      file(R"({"run":{"seed":3,"effective_batch_size":96,"world_size":4,"settings":{"train.optimizer":"sgd"}}})"));
  EXPECT_EQ(terms.effective_batch_size, 96);
  EXPECT_EQ(terms.world_size, 4);
  EXPECT_THAT(terms.settings, testing::ElementsAre(testing::Pair("train.optimizer", "sgd")));
}

TEST_F(Terms, OfAnEarlierVersionSayTheEffectiveBatchAlone) {
  const auto terms = run_terms_of(file(R"({"run":{"seed":3,"effective_batch_size":96}})"));
  EXPECT_EQ(terms.effective_batch_size, 96);
  EXPECT_EQ(terms.world_size, 0);
  EXPECT_TRUE(terms.settings.empty());
}

TEST_F(Terms, ThatAreNoneTellNothing) {
  for (const char* state : {"", "[]", "{", R"({"run":7})", R"({"run":{"effective_batch_size":"96"}})",
                            R"({"run":{"effective_batch_size":-3,"world_size":[],"settings":{"seed":3}}})"}) {
    const auto terms = run_terms_of(file(state));
    EXPECT_EQ(terms.effective_batch_size, 0) << state;
    EXPECT_EQ(terms.world_size, 0) << state;
    EXPECT_TRUE(terms.settings.empty()) << state;
  }
}

}  // namespace
}  // namespace tlaunch
