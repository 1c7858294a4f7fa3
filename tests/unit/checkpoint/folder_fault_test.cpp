// A run's folder under failing calls, a full disk, and kills at every call: durable files stay.
#include <gmock/gmock.h>
#include <signal.h>

#include <chrono>
#include <random>
#include <thread>

#include "base/error.h"
#include "checkpoint/folder/last_link.h"
#include "tests/support/fault_calls.h"
#include "tests/unit/checkpoint/folder_fixture.h"

namespace tlaunch {
namespace {

using test::FaultCalls;
using test::save;
namespace fs = std::filesystem;

constexpr std::size_t floats = 100'000;  // several writes

// Checks that every file with a checkpoint's name is valid; returns the newest step.
std::int64_t newest_step(const test::RunFolder& run) {
  const auto found = list_checkpoints(run.checkpoints());
  for (const auto& one : found) {
    EXPECT_TRUE(one.valid) << one.path << ": " << one.reason;
    if (one.valid) SafetensorsFile(one.path).verify();
  }
  return found.empty() ? 0 : found.front().step;
}

// Runs in a child: saves step 3 after steps 1 and 2, of which one is deleted.
void save_third(const test::RunFolder& run, FileCalls& calls) {
  auto folder = run.open(calls);
  save(folder, 3, 0.3, floats);
}

void save_first_two(const test::RunFolder& run) {
  fs::remove_all(run.checkpoints());
  auto folder = run.open();
  save(folder, 1, 0.1, floats);  // the best
  save(folder, 2, 0.5, floats);  // the newest
}

TEST(FolderFault, KilledAtAnyCallOfASaveAllThatWasDurableIsThere) {
  const test::RunFolder run;
  int at = 1, without_third = 0, with_third = 0;
  for (bool killed = true; killed; ++at) {
    save_first_two(run);
    const pid_t child = ::fork();
    if (child == 0) {
      FaultCalls calls([&](const std::string&, int n) { return n == at ? ::raise(SIGKILL) : 0; });
      save_third(run, calls);
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    killed = WIFSIGNALED(status);
    const auto step = newest_step(run);
    ASSERT_GE(step, 2) << "call " << at;
    ++(step == 3 ? with_third : without_third);
    if (step == 2) {
      EXPECT_EQ(list_checkpoints(run.checkpoints()).size(), 2u) << "nothing goes before the new one is durable";
    }
    // The link leads to a valid file, or there is no link.
    const auto link = run.dir / "checkpoints/last.safetensors";
    if (fs::is_symlink(link)) SafetensorsFile(link.string()).verify();
    // The next start deletes temporary files, and the next save leaves only the files that the policy keeps.
    auto folder = run.open();
    save(folder, 4, 0.05, 16);
    EXPECT_THAT(run.names(), testing::ElementsAre("last", "step_004")) << "call " << at;
  }
  EXPECT_GT(without_third, 5);  // open, writes, fsync, close, rename
  EXPECT_GT(with_third, 5);     // folder's fsync, link, deletion
}

TEST(FolderFault, TheLinkNeverDanglesWhereverASaveWithoutItIsKilled) {
  test::RunFolder run;
  int at = 1;
  for (bool killed = true; killed; ++at) {
    fs::remove_all(run.checkpoints());
    run.policy.save_last = true;
    {
      auto folder = run.open();
      save(folder, 1, 0.5);
    }
    run.policy.save_last = false;
    const pid_t child = ::fork();
    if (child == 0) {
      FaultCalls calls([&](const std::string&, int n) { return n == at ? ::raise(SIGKILL) : 0; });
      auto folder = run.open(calls);
      save(folder, 2, 0.4);
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    killed = WIFSIGNALED(status);
    const auto link = run.dir / "checkpoints/last.safetensors";
    EXPECT_EQ(fs::is_symlink(link), fs::exists(link)) << "call " << at;
    EXPECT_FALSE(!killed && fs::is_symlink(link));
  }
  EXPECT_GT(at, 10);
}

TEST(FolderFault, ADiskWithoutLinksKeepsItsCheckpointsAndSaysSoOnce) {
  for (const int error : {EPERM, EOPNOTSUPP, ENOSYS}) {
    const test::RunFolder run;
    FaultCalls calls([&](const std::string& call, int) { return call == "symlink" ? error : 0; });
    auto folder = run.open(calls);
    EXPECT_THAT(save(folder, 1, 0.5).problem,
                testing::AllOf(testing::HasSubstr("last.safetensors"), testing::HasSubstr(std::strerror(error))));
    EXPECT_EQ(save(folder, 2, 0.4).problem, "");
    EXPECT_EQ(newest_step(run), 2);
  }
}

TEST(FolderFault, ALastThatIsAFolderIsLeftAloneAndToldOnce) {
  const test::RunFolder run;
  std::filesystem::create_directories(run.dir / "checkpoints/last.safetensors");
  auto folder = run.open();
  EXPECT_THAT(save(folder, 1, 0.5).problem, testing::HasSubstr("is a folder and was not replaced"));
  EXPECT_EQ(save(folder, 2, 0.4).problem, "");
  EXPECT_TRUE(std::filesystem::is_directory(run.dir / "checkpoints/last.safetensors"));
}

TEST(FolderFault, WhereTheLinkCannotBeRemovedItsTargetStays) {
  const test::RunFolder run;
  std::string path;
  {
    auto folder = run.open();
    path = save(folder, 1, 0.5).path;
  }
  FaultCalls calls([](const std::string& call, int) { return call == "unlink" ? EIO : 0; });
  EXPECT_THROW(remove_checkpoint(path, calls), IoError);
  EXPECT_THAT(run.names(), testing::ElementsAre("last", "step_001"));
  remove_checkpoint(path);
  EXPECT_TRUE(run.names().empty());
}

TEST(FolderFault, AFailureOfAnyCallLeavesTheOldOnesAndIsTold) {
  for (const int error : {ENOSPC, EIO}) {
    int at = 1, told = 0;
    for (bool reached = true; reached; ++at) {
      const test::RunFolder run;
      save_first_two(run);
      bool failed = false, well = false;
      FaultCalls calls([&](const std::string&, int n) { return n == at && !well ? error : 0; });
      auto folder = run.open(calls);
      try {
        const auto result = save(folder, 3, 0.3, floats);
        if (!result.problem.empty()) {
          EXPECT_THAT(result.problem, testing::HasSubstr(std::strerror(error)));
        }
      } catch (const IoError& problem) {
        failed = true;
        EXPECT_EQ(problem.system_error, error);
        EXPECT_THAT(problem.what(), testing::HasSubstr(std::strerror(error)));
        EXPECT_THAT(problem.what(), testing::HasSubstr(run.checkpoints()));
      }
      reached = calls.count() >= at;
      told += failed;
      const auto step = newest_step(run);
      EXPECT_EQ(failed ? 2 : 3, step == 3 && failed ? 2 : step) << "call " << at;
      ASSERT_GE(step, 2);
      well = true;
      save(folder, 4, 0.2, 16);
      EXPECT_EQ(newest_step(run), 4);
    }
    EXPECT_GT(told, 5);
  }
}

TEST(FolderFault, ShortWritesAreGoneOnWith) {
  const test::RunFolder run;
  FaultCalls calls([](const std::string&, int) { return 0; });
  calls.longest_write = 1000;
  auto folder = run.open(calls);
  save(folder, 1, 0.5, floats);
  EXPECT_EQ(newest_step(run), 1);
  EXPECT_GT(calls.count(), 400);
}

TEST(FolderFault, AFolderThatVanishedIsMadeAgainAndAReadOnlyOneIsAnErrorWithItsName) {
  const test::RunFolder run;
  auto folder = run.open();
  save(folder, 1, 0.5);
  fs::remove_all(run.checkpoints());
  save(folder, 2, 0.6);
  EXPECT_EQ(newest_step(run), 2);
  EXPECT_THAT(run.names(), testing::ElementsAre("last", "step_002")) << "the best that is there";
  FaultCalls calls([](const std::string& call, int) { return call == "open" ? EROFS : 0; });
  auto read_only = run.open(calls);
  try {
    save(read_only, 4, 0.2);
    FAIL() << "saved";
  } catch (const IoError& error) {
    EXPECT_THAT(error.what(), testing::AllOf(testing::HasSubstr(run.checkpoints()), testing::HasSubstr("Read-only")));
  }
}

TEST(FolderFault, AThousandKillsAtRandomTimesLoseNothingThatWasDurable) {
  const test::RunFolder run;
  std::int64_t durable = 0;
  const auto start = std::chrono::steady_clock::now();
  auto first = run.open();
  while (durable < 5) save(first, ++durable, 1.0, 2000);
  const std::chrono::duration<double> save_time = (std::chrono::steady_clock::now() - start) / 5;
  std::mt19937 random(7);
  std::uniform_real_distribution<double> when(0, 4);  // saves
  for (int kill = 0; kill < 1000; ++kill) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      auto folder = run.open();
      for (std::int64_t step = durable + 1;; ++step) {
        save(folder, step, 1.0 / static_cast<double>(step), 2000);
        if (::write(ends[1], &step, sizeof step) != sizeof step) ::_exit(1);
      }
    }
    ::close(ends[1]);
    std::this_thread::sleep_for(when(random) * save_time);  // the test needs kills at random times
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    for (std::int64_t step; ::read(ends[0], &step, sizeof step) == sizeof step;) durable = step;
    ::close(ends[0]);
    const auto found = list_checkpoints(run.checkpoints());
    ASSERT_FALSE(found.empty());
    ASSERT_TRUE(found.front().valid && found.back().valid) << found.back().reason;
    ASSERT_GE(found.front().step, durable) << "kill " << kill;
    SafetensorsFile(found.front().path).verify();
    durable = found.front().step;
  }
  EXPECT_GT(durable, 20) << "the kills came too early to try anything";  // 98 where starting takes longer than saving
  EXPECT_LE(run.names().size(), 12u) << "no temporary files pile up: " << testing::PrintToString(run.names());
}

}  // namespace
}  // namespace tlaunch
