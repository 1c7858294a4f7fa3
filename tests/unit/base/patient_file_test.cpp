#include "base/patient_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "tests/support/fault_calls.h"
#include "tests/support/small_disk.h"
#include "tests/support/temp_dir.h"

namespace tlaunch {
namespace {

// A file on a disk with errors and a clock that the test sets.
class PatientFileTest : public testing::Test {
 protected:
  PatientFile file(PatientFileForm form = {}) {
    return {path, std::move(form), [this](const std::string& problem) { told.push_back(problem); }, calls,
            [this] { return now_s; }};
  }
  std::string text() const { return test::content(path); }

  test::TempDir folder;
  std::string path = folder / "log";
  std::vector<std::string> told;
  double now_s = 100;
  std::string failing;   // calls of this name
  int failing_from = 0;  // writes before this one succeed
  int writes = 0;
  test::FaultCalls calls{[this](const std::string& call, int) {
    if (call == "write" && ++writes < failing_from) return 0;
    return failing.find(call) != std::string::npos ? ENOSPC : 0;
  }};
};

TEST_F(PatientFileTest, AFullDiskIsToldOnceAndWhatWaitedIsWrittenWhenThereIsRoom) {
  PatientFile log = file();
  log.append("one\n");
  failing = "write";
  log.append("two\n");
  log.append("three\n");
  EXPECT_EQ(text(), "one\n");
  EXPECT_EQ(log.missing(), 2);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_NE(told[0].find(path + ": No space left on device"), std::string::npos) << told[0];
  failing.clear();
  now_s += 1;
  log.append("four\n");
  EXPECT_EQ(text(), "one\ntwo\nthree\nfour\n");
  EXPECT_EQ(log.missing(), 0);
  failing = "write";
  log.append("five\n");
  EXPECT_EQ(told.size(), 1u) << "a second time is no news";
}

TEST_F(PatientFileTest, ItIsTriedOnceASecondAndAtTheEnd) {
  PatientFile log = file();
  failing = "write";
  for (int i = 0; i < 50; ++i) {
    log.append("record\n");
    now_s += 0.1;
  }
  EXPECT_EQ(writes, 5);
  failing.clear();
  log.finish();
  EXPECT_EQ(log.missing(), 0);
  EXPECT_EQ(text().size(), 50 * 7u);
}

TEST_F(PatientFileTest, HalfARecordIsTakenBack) {
  PatientFile log = file({.lines = false});
  log.append("whole");
  calls.longest_write = 3;
  failing = "write";
  failing_from = writes + 2;
  log.append("record");
  EXPECT_EQ(text(), "whole");
  failing.clear();
  now_s += 1;
  log.append("more");
  EXPECT_EQ(text(), "wholerecordmore");
}

TEST_F(PatientFileTest, HalfARecordThatCannotBeTakenBackNowIsTakenBackLater) {
  PatientFile log = file({.lines = false});
  log.append("whole");
  calls.longest_write = 3;
  failing = "write ftruncate";
  failing_from = writes + 2;
  log.append("record");
  EXPECT_EQ(text(), "wholerec");
  failing = "ftruncate";
  log.finish();
  EXPECT_EQ(text(), "wholerec") << "nothing may follow half a record";
  failing.clear();
  log.finish();
  EXPECT_EQ(text(), "wholerecord");
}

TEST_F(PatientFileTest, HalfALineInAFileThatOnlyGrowsIsEnded) {
  PatientFile log = file();
  log.append("whole\n");
  calls.longest_write = 3;
  failing = "write ftruncate";
  failing_from = writes + 2;
  log.append("record\n");
  failing = "ftruncate";
  log.finish();
  EXPECT_EQ(text(), "whole\nrec\nrecord\n");
}

TEST_F(PatientFileTest, WhatExceedsTheMemoryForWaitingRecordsIsCounted) {
  PatientFile log = file({.waiting_limit_bytes = 10});
  failing = "write";
  for (const char* record : {"aaaa\n", "bbbb\n", "cccc\n"}) log.append(record);
  EXPECT_EQ(log.missing(), 3);
  failing.clear();
  log.finish();
  EXPECT_EQ(text(), "aaaa\nbbbb\n");
  EXPECT_EQ(log.missing(), 1);
}

TEST_F(PatientFileTest, AFileThatCannotBeOpenedIsTriedAgain) {
  ::mkdir(path.c_str(), 0700);
  PatientFile log = file();
  log.append("one\n");
  EXPECT_EQ(log.missing(), 1);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_NE(told[0].find("Is a directory"), std::string::npos) << told[0];
  ::rmdir(path.c_str());
  now_s += 1;
  log.append("two\n");
  EXPECT_EQ(text(), "one\ntwo\n");
}

// Runs in its own process, because it mounts. Exit code 77: mounting is not allowed here.
int fill_a_real_disk(const std::string& disk) {
  if (!test::mount_small_disk(disk, "size=64k")) return 77;
  PatientFile log(disk + "/log", {}, [](const std::string&) {});
  test::write(disk + "/filler", std::string(16 << 10, 'x'));
  const std::string line = std::string(999, 'a') + "\n";
  int lines = 0;
  for (; log.missing() == 0; ++lines) log.append(line);
  const bool whole = test::content(disk + "/log").size() == (lines - 1) * line.size();
  std::filesystem::remove(disk + "/filler");
  log.finish();
  return whole && log.missing() == 0 && test::content(disk + "/log").size() == lines * line.size() ? 0 : 1;
}

TEST_F(PatientFileTest, OnARealFullDiskWholeLinesStand) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(fill_a_real_disk(folder.path()));
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77) GTEST_SKIP() << "no mounts here";
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

TEST_F(PatientFileTest, APipeThatNobodyReadsHoldsNobodyUp) {
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  PatientFile log = file();
  for (int i = 0; i < 100; ++i) log.append(std::string(10'000, 'x') + "\n");
  EXPECT_GT(log.missing(), 0);
}

TEST_F(PatientFileTest, ALineThatACrashCutShortIsEndedFirst) {
  test::write(path, "whole\ncut sh");
  PatientFile log = file();
  EXPECT_EQ(text(), "whole\ncut sh");
  log.append("next\n");
  log.append("last\n");
  EXPECT_EQ(text(), "whole\ncut sh\nnext\nlast\n");
}

TEST_F(PatientFileTest, AnEmptyFileGetsItsHeadHoweverLateItsFirstRecordIsWritten) {
  failing = "open";
  PatientFile log = file({.head = "step,loss\n"});
  log.append("1,2\n");
  failing.clear();
  now_s += 1;
  log.append("2,3\n");
  EXPECT_EQ(text(), "step,loss\n1,2\n2,3\n");
  PatientFile again = file({.head = "step,loss\n"});
  again.append("3,4\n");
  EXPECT_EQ(text(), "step,loss\n1,2\n2,3\n3,4\n");
}

}  // namespace
}  // namespace tlaunch
