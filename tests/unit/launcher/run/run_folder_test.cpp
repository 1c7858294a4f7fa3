// Run folders: names, the lock, what they hold, the link to the newest.
#include "launcher/run/run_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "launcher/narration/event_log.h"
#include "tests/support/child_process.h"
#include "tests/support/fault_calls.h"
#include "tests/support/temp_dir.h"

namespace tlaunch {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::MatchesRegex;

TEST(RunFolder, TwoLaunchersCannotShareOne) {
  const test::TempDir top;
  const std::string path = top / "a/b";
  {
    const RunFolder first(path, 0);
    try {
      RunFolder second(path, 0);
      FAIL() << "both have it";
    } catch (const UsageError& error) {
      EXPECT_THAT(error.what(), HasSubstr("in use by another tlaunch"));
    }
  }
  RunFolder(path, 0);  // free again
}

TEST(RunFolder, IsSharedByThoseThatUseItBesideOthers) {
  const test::TempDir top;
  const RunFolder first(top.path(), 0, FolderUse::beside);
  const RunFolder second(top.path(), 0, FolderUse::beside);
  EXPECT_THROW(RunFolder(top.path(), 0), UsageError);
}

TEST(RunFolder, TellsARunsFilesFromThoseThatAnyProgramMayLeave) {
  const test::TempDir top;
  const RunFolder folder(top.path(), 0);
  test::write(folder.file("config.yaml"), "mine");
  test::write(folder.file("checkpoints/x.safetensors"), "mine");
  EXPECT_FALSE(folder.holds_training_run());
  test::write(folder.file("events.jsonl"), "");
  EXPECT_TRUE(folder.holds_training_run());
}

TEST(RunFolder, KnowsWhetherItHoldsARun) {
  const test::TempDir top;
  const RunFolder folder(top / "run", 0);
  EXPECT_FALSE(folder.holds_run());
  test::write(folder.file("notes.txt"), "mine");
  EXPECT_FALSE(folder.holds_run());
  fs::create_directories(folder.file("checkpoints"));
  EXPECT_FALSE(folder.holds_run());
  test::write(folder.file("checkpoints/x.safetensors"), "x");
  EXPECT_TRUE(folder.holds_run());
}

TEST(RunFolder, CountsAttemptsOn) {
  const test::TempDir top;
  const RunFolder folder(top.path(), 0);
  EXPECT_EQ(folder.next_attempt(), 0);
  folder.make_log_folder(0);
  folder.make_log_folder(9);
  folder.make_log_folder(10);
  EXPECT_EQ(folder.next_attempt(), 11);
}

TEST(RunFolder, NewRunsAreNamedByTimeAndLatestPointsToTheNewest) {
  const test::TempDir top;
  EXPECT_EQ(latest_run_path(top.path(), "job"), "");
  const std::string first = new_run_path(top.path(), "job"), second = new_run_path(top.path(), "job") + "x";
  EXPECT_THAT(first, MatchesRegex(".*/job/[0-9]{8}-[0-9]{6}-[0-9a-f]{4}"));
  for (const std::string& path : {first, second}) {
    fs::create_directories(path);
    point_latest_to(path);
    EXPECT_EQ(latest_run_path(top.path(), "job"), fs::canonical(path).string());
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(top / "job"), fs::directory_iterator()), 3) << "two runs and the link";
}

TEST(RunFolder, ALatestRunThatCannotBeFoundNowIsNoMissingOne) {
  const test::TempDir top;
  fs::create_directories(top / "job");
  fs::create_symlink("latest", top / "job/latest");  // a loop; a folder that may not be searched answers alike
  EXPECT_THROW(latest_run_path(top.path(), "job"), IoError);
  fs::remove(top / "job/latest");
  fs::create_symlink("deleted", top / "job/latest");
  EXPECT_EQ(latest_run_path(top.path(), "job"), "") << "somebody has cleaned up";
}

TEST(RunFolder, WithoutLinksTheNewestRunIsFoundByItsName) {
  const test::TempDir top;
  for (const char* run : {"20260101-120000-ffff", "20261231-235959-0000", "20261231-235959-00ab",
                          "20270101-000000-0001", "20280101-000000-0001-smoke", "99999999-by-hand"})
    test::write(top / "job" / run / "events.jsonl", "");
  fs::remove(top / "job/20270101-000000-0001/events.jsonl");  // a plain program's
  const std::string newest = top / "job/20261231-235959-00ab";
  EXPECT_EQ(latest_run_path(top.path(), "job"), newest);
  for (const int error : {EPERM, EOPNOTSUPP}) {
    test::FaultCalls calls([&](const std::string& call, int) { return call == "symlink" ? error : 0; });
    EXPECT_THROW(point_latest_to(newest, calls), IoError);
    EXPECT_EQ(latest_run_path(top.path(), "job"), newest);
  }
  fs::create_directories(top / "job/latest/mine");
  EXPECT_THROW(point_latest_to(newest), IoError);
  EXPECT_EQ(latest_run_path(top.path(), "job"), newest);
  fs::remove_all(top / "job/latest");
  test::write(top / "job/latest", "mine");
  EXPECT_THROW(point_latest_to(newest), IoError);
  EXPECT_EQ(test::content(top / "job/latest"), "mine");
}

TEST(RunFolder, ALatestLinkThatLeadsElsewhereIsNotFollowed) {
  const test::TempDir top, other;
  const std::string run = top / "job/20261231-235959-0000";
  test::write(run + "/events.jsonl", "");
  for (const std::string& target :
       {std::string(other.path()), std::string("/"), std::string("../.."), std::string("..")}) {
    fs::remove(top / "job/latest");
    fs::create_symlink(target, top / "job/latest");
    EXPECT_EQ(latest_run_path(top.path(), "job"), run) << target;
  }
  fs::remove(top / "job/latest");
  fs::create_symlink(run, top / "job/latest");
  EXPECT_EQ(latest_run_path(top.path(), "job"), fs::canonical(run).string()) << "by hand, to one of its own";
}

TEST(RunFolder, FilesOfTheSameNamesAreNoTrainingRun) {
  const auto holds = [](const char* name, const char* content) {
    const test::TempDir top;
    test::write(top / name, content);
    return RunFolder(top.path(), 0).holds_training_run();
  };
  EXPECT_FALSE(holds("config.yaml", "mine: 1\n"));
  EXPECT_FALSE(holds("summary.json", "{}"));
  EXPECT_FALSE(holds("events.jsonl", "12:00 doors open\n"));
  EXPECT_FALSE(holds("events.jsonl", "{\"time\": 1}\n"));
  EXPECT_TRUE(holds("events.jsonl", "{\"event\": \"start\"}\n"));
  EXPECT_TRUE(holds("events.jsonl", "")) << "stopped before its first event";
  EXPECT_TRUE(holds("events.jsonl", "{\"event\": \"sta")) << "stopped in it";
  EXPECT_TRUE(holds("plan.json", "{}"));
}

TEST(RunFolder, AFolderThatCannotBeMadeIsNamed) {
  const test::TempDir top;
  test::write(top / "file", "x");
  EXPECT_THROW(RunFolder(top / "file/run", 0), IoError);
}

TEST(EventLog, AppendsWholeLinesAndEndsOneThatACrashCut) {
  const test::TempDir top;
  const std::string path = top / "events.jsonl";
  test::write(path, "{\"event\":\"step\",\"st");
  EventLog log(path, 2, [](const std::string& problem) { ADD_FAILURE() << problem; });
  log.append_line(Json{{"event", "step"}, {"step", 1}});
  log.append(EtaEvent{});
  std::ifstream lines(path);
  std::string line;
  std::getline(lines, line);
  std::getline(lines, line);
  EXPECT_EQ(Json::parse(line), (Json{{"event", "step"}, {"step", 1}, {"attempt", 2}}));
  std::getline(lines, line);
  EXPECT_EQ(Json::parse(line)["event"], "eta");
  EXPECT_EQ(Json::parse(line)["attempt"], 2);
  EXPECT_GT(Json::parse(line)["t"], 1e9);
}

TEST(EventLog, TheFirstLineHasTheFormat) {
  const test::TempDir top;
  const std::string path = top / "events.jsonl";
  for (int attempt = 0; attempt < 2; ++attempt) {
    EventLog log(path, attempt, [](const std::string& problem) { ADD_FAILURE() << problem; });
    log.append(EtaEvent{});
    log.append(EtaEvent{});
  }
  std::ifstream lines(path);
  std::vector<bool> has_it;
  for (std::string line; std::getline(lines, line);) has_it.push_back(Json::parse(line).contains("format"));
  EXPECT_EQ(has_it, (std::vector<bool>{true, false, false, false}));
}

}  // namespace
}  // namespace tlaunch
