// The next folder that is made removes those of killed processes; folders of running processes and of others stay.
#include "base/temporary_folder.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>

#include "base/error.h"
#include "tests/support/small_disk.h"
#include "tests/support/temp_dir.h"

namespace tlaunch {
namespace {

namespace fs = std::filesystem;

class TemporaryFolders : public testing::Test {
 protected:
  void SetUp() override { ::setenv("TMPDIR", scratch_.path().c_str(), 1); }
  void TearDown() override { before_.empty() ? ::unsetenv("TMPDIR") : ::setenv("TMPDIR", before_.c_str(), 1); }

  std::size_t entries() const {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : fs::directory_iterator(scratch_.path())) ++count;
    return count;
  }

  // A process that has made a folder with a file and waits.
  static pid_t process_with_folder() {
    int ready[2];
    EXPECT_EQ(::pipe(ready), 0);
    const pid_t pid = ::fork();
    if (pid == 0) {
      const TemporaryFolder folder(std::map<std::string, std::string>{{"config.yaml", "x"}});
      if (::write(ready[1], "r", 1) != 1) ::_exit(1);
      while (true) ::pause();
    }
    char byte = 0;
    EXPECT_EQ(::read(ready[0], &byte, 1), 1);
    ::close(ready[0]);
    ::close(ready[1]);
    return pid;
  }
  static void kill_9(pid_t pid) {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }

  const test::TempDir scratch_;

 private:
  const std::string before_ = std::getenv("TMPDIR") ? std::getenv("TMPDIR") : "";
};

TEST_F(TemporaryFolders, AreForTheirUserAloneAndGoWithTheObject) {
  {
    const TemporaryFolder folder({});
    struct stat status = {};
    ASSERT_EQ(::stat(folder.file("").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0700u);
    EXPECT_EQ(entries(), 1u);
  }
  EXPECT_EQ(entries(), 0u);
}

TEST_F(TemporaryFolders, ThatOfAKilledProcessGoesWhenTheNextIsMade) {
  kill_9(process_with_folder());
  EXPECT_EQ(entries(), 1u);
  { const TemporaryFolder folder({}); }
  EXPECT_EQ(entries(), 0u);
}

TEST_F(TemporaryFolders, ThatOfALivingProcessStays) {
  const pid_t pid = process_with_folder();
  const TemporaryFolder first({}), second({});
  EXPECT_EQ(entries(), 3u);
  EXPECT_TRUE(fs::exists(first.file("")));
  kill_9(pid);
}

TEST_F(TemporaryFolders, WhatOthersHaveMadeStays) {
  test::write(scratch_ / "tlaunch-temporary-notes-of-mine" / "a", "x");
  test::write(scratch_ / "tlaunch-abcdef" / "a", "x");
  test::write(scratch_ / "tlaunch-temporary-aFile1", "x");
  test::write(scratch_ / "victim" / "a", "x");
  fs::create_directory_symlink(scratch_ / "victim", scratch_ / "tlaunch-temporary-aLink1");
  test::write(scratch_ / "tlaunch-temporary-theirs" / "a", "x");
  if (::geteuid() == 0) {
    ASSERT_EQ(::chown((scratch_ / "tlaunch-temporary-theirs").c_str(), 65534, 65534), 0);
  } else {
    fs::remove_all(scratch_ / "tlaunch-temporary-theirs");
  }
  const std::size_t before = entries();
  { const TemporaryFolder folder({}); }
  EXPECT_EQ(entries(), before);
  EXPECT_TRUE(fs::exists(scratch_ / "victim" / "a"));
}

// The place where the folder was made.
fs::path place_of(const TemporaryFolder& folder) { return fs::path(folder.file("a")).parent_path().parent_path(); }

TEST_F(TemporaryFolders, ATmpdirThatIsNotThereIsDoneWithout) {
  for (const std::string& name : {std::string("absent"), std::string(5000, 'x'), std::string("relative/../")}) {
    ::setenv("TMPDIR", (name.front() == 'r' ? name : (scratch_ / name).string()).c_str(), 1);
    const TemporaryFolder folder(std::map<std::string, std::string>{{"a", "content"}});
    EXPECT_EQ(place_of(folder), "/tmp");
    EXPECT_EQ(test::content(folder.file("a")), "content");
  }
}

TEST_F(TemporaryFolders, AFullOrReadOnlyTmpdirIsDoneWithout) {
  constexpr int not_allowed = 77;
  for (const std::string options : {"size=4k", "size=1m,ro"}) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      if (!test::mount_small_disk(scratch_.path(), options)) ::_exit(not_allowed);
      const TemporaryFolder folder({{"a", std::string(20'000, 'x')}});
      const bool elsewhere = place_of(folder) == "/tmp", whole = test::content(folder.file("a")).size() == 20'000;
      ::_exit(elsewhere && whole && entries() == 0 ? 0 : 1);
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    if (WEXITSTATUS(status) == not_allowed) GTEST_SKIP() << "mounting is not allowed here";
    EXPECT_EQ(status, 0) << options;
  }
}

TEST_F(TemporaryFolders, WhereNoPlaceTakesTheFilesAFolderOfOurOwnDoesAndElseAllAreNamed) {
  constexpr int not_allowed = 77;
  const pid_t pid = ::fork();
  if (pid == 0) {
    const auto full = [](const std::string& folder) { return test::mount_small_disk(folder, "size=4k"); };
    const std::string own = "/var/tmp/tlaunch-test-" + std::to_string(::getpid());  // below none of those
    if (!full("/tmp") || !full("/dev/shm")) ::_exit(not_allowed);
    ::setenv("TMPDIR", "/tmp", 1);
    ::setenv("XDG_RUNTIME_DIR", "/dev/shm", 1);
    bool taken = false, named = false;
    {
      const TemporaryFolder folder({{"a", std::string(20'000, 'x')}}, own);
      taken = place_of(folder) == own && test::content(folder.file("a")).size() == 20'000;
    }
    fs::remove(own);
    try {
      const TemporaryFolder folder({{"a", std::string(20'000, 'x')}});
    } catch (const IoError& error) {
      named = std::string(error.what()).find("/dev/shm") != std::string::npos;
    }
    ::_exit(taken && named ? 0 : 1);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  if (WEXITSTATUS(status) == not_allowed) GTEST_SKIP() << "mounting is not allowed here";
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace tlaunch
