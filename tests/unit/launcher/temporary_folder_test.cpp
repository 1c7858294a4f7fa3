// Folders of processes that were killed go when the next one is made; those of living ones and of others stay.
#include "launcher/group/temporary_folder.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "tests/support/temp_dir.h"

namespace tlaunch {
namespace {

namespace fs = std::filesystem;

class TemporaryFolders : public testing::Test {
 protected:
  void SetUp() override { ::setenv("TMPDIR", scratch_.path().c_str(), 1); }
  void TearDown() override {
    before_.empty() ? ::unsetenv("TMPDIR") : ::setenv("TMPDIR", before_.c_str(), 1);
  }

  std::size_t entries() const {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : fs::directory_iterator(scratch_.path())) ++count;
    return count;
  }

  // A process that has made a folder with a file in it, and waits.
  static pid_t process_with_folder() {
    int ready[2];
    EXPECT_EQ(::pipe(ready), 0);
    const pid_t pid = ::fork();
    if (pid == 0) {
      const TemporaryFolder folder;
      test::write(folder.file("config.yaml"), "x");
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
    const TemporaryFolder folder;
    struct stat status {};
    ASSERT_EQ(::stat(folder.file("").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0700u);
    EXPECT_EQ(entries(), 1u);
  }
  EXPECT_EQ(entries(), 0u);
}

TEST_F(TemporaryFolders, ThatOfAKilledProcessGoesWhenTheNextIsMade) {
  kill_9(process_with_folder());
  EXPECT_EQ(entries(), 1u);
  { const TemporaryFolder folder; }
  EXPECT_EQ(entries(), 0u);
}

TEST_F(TemporaryFolders, ThatOfALivingProcessStays) {
  const pid_t pid = process_with_folder();
  const TemporaryFolder first, second;
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
  { const TemporaryFolder folder; }
  EXPECT_EQ(entries(), before);
  EXPECT_TRUE(fs::exists(scratch_ / "victim" / "a"));
}

}  // namespace
}  // namespace tlaunch
