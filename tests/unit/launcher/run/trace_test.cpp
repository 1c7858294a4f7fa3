// The supervisor's trace (TLAUNCH_LOG): its lines, its size limit, and its lines about a group that fails.
#include "processes/group/trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>

#include <csignal>
#include <regex>
#include <sstream>

#include "processes/group/trace_file.h"
#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/launcher/run_command_fixture.h"

namespace tlaunch {
namespace {

using test::ChildProcess;
using test::content;
using test::driver;
using test::Finished;
using test::TempDir;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

std::vector<std::string> lines_of(const std::filesystem::path& path) {
  std::istringstream text(content(path));
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

TEST(TraceLine, HasBothClocksTheWriterAndWhomItIsAbout) {
  EXPECT_EQ(trace_line(1796023322.1234, 15432.1006, 4711, "reap", "exit code 7", {1, 4713}),
            "2026-11-30T07:22:02.123Z 15432.101 4711 reap rank=1 pid=4713 exit code 7\n");
  EXPECT_EQ(trace_line(0, 0, 1, "sent", "SIGTERM to all ranks"),
            "1970-01-01T00:00:00.000Z 0.000 1 sent SIGTERM to all ranks\n");
  EXPECT_EQ(trace_line(0.9996, 0, 1, "spawn", "", {0, -1}), "1970-01-01T00:00:01.000Z 0.000 1 spawn rank=0\n");
}

TEST(TraceLine, IsOneLineOfBoundedLength) {
  const std::string line = trace_line(0, 0, 1, "told", "a\nb\x1b[31m" + std::string(100'000, 'x'));
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  EXPECT_EQ(line.find('\x1b'), std::string::npos);
  EXPECT_LT(line.size(), 1200u);
}

TEST(TraceLine, AnEndIsTheExitCodeOrTheSignal) {
  EXPECT_EQ(wait_status_text(7 << 8), "exit code 7");
  EXPECT_EQ(wait_status_text(SIGKILL), "SIGKILL");
}

TraceFile::Tell into(std::string& told) {
  return [&told](const std::string& problem) { told += problem + "\n"; };
}

TEST(TraceFile, IsAppendedToAlsoByOthers) {
  const TempDir folder;
  std::string told;
  test::write(folder / "log", "older\n");
  TraceFile one(folder / "log", 1 << 20, into(told)), other(folder / "log", 1 << 20, into(told));
  one.append("one\n");
  other.append("other\n");
  one.append("one again\n");
  EXPECT_EQ(content(folder / "log"), "older\none\nother\none again\n");
  EXPECT_EQ(told, "");
}

TEST(TraceFile, KeepsTheNewestLinesBelowTheLimit) {
  const TempDir folder;
  std::string told;
  constexpr std::uint64_t limit_bytes = 1000;
  TraceFile one(folder / "log", limit_bytes, into(told)), other(folder / "log", limit_bytes, into(told));
  for (int i = 100; i < 300; ++i) {
    (i % 2 == 0 ? one : other).append("line " + std::to_string(i) + "\n");
    const std::string older = content(folder / "log.1"), newer = content(folder / "log");
    ASSERT_LE(older.size() + newer.size(), limit_bytes);
    ASSERT_THAT(newer, HasSubstr("line " + std::to_string(i) + "\n"));
  }
  std::string expected;
  const std::string kept = content(folder / "log.1") + content(folder / "log");
  for (std::size_t i = 300 - kept.size() / 9; i < 300; ++i) expected += "line " + std::to_string(i) + "\n";
  EXPECT_EQ(kept, expected) << "no line is missing, and no line is there twice";
  EXPECT_GE(kept.size(), limit_bytes / 2 - 9);
}

TEST(TraceFile, AFolderThatTakesNoNewNameKeepsTheLimitToo) {
  const TempDir folder;
  std::string told;
  std::filesystem::create_directories(folder / "log.1" / "in the way");
  TraceFile file(folder / "log", 1000, into(told));
  for (int i = 100; i < 300; ++i) file.append("line " + std::to_string(i) + "\n");
  EXPECT_LE(content(folder / "log").size(), 500u);
  EXPECT_THAT(content(folder / "log"), HasSubstr("line 299\n"));
}

TEST(TraceFile, WhatCannotBeOpenedIsToldOnceAndNothingIsWritten) {
  const TempDir folder;
  std::string told;
  TraceFile file(folder / "no folder/log", 1000, into(told));
  file.append("a\n");
  file.append("b\n");
  EXPECT_EQ(told, "cannot open " + (folder / "no folder/log").string() + ": No such file or directory\n");
}

TEST(TraceFile, AFullPipeAndAReaderThatLeftHoldNobodyUp) {
  const TempDir folder;
  std::string told;
  const std::string path = folder / "pipe";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  Descriptor reader(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  TraceFile file(path, 1000, into(told));
  for (int i = 0; i < 200; ++i) file.append(std::string(999, 'x') + "\n");
  reader.reset();
  file.append("nobody reads\n");
  EXPECT_EQ(told, "");
}

// A run of the driver with TLAUNCH_LOG set to `where`.
std::vector<std::string> traced(const std::string& where, const std::vector<std::string>& arguments) {
  std::vector<std::string> argv = {"/usr/bin/env", "TLAUNCH_LOG=" + where, driver()};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return argv;
}

// The lines from their fourth word on, with every process id as PID.
std::vector<std::string> deeds(const std::vector<std::string>& lines) {
  static const std::regex head(R"(^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \d+\.\d{3} \d+ )");
  static const std::regex pid("pid=\\d+");
  std::vector<std::string> found;
  for (const std::string& line : lines) {
    EXPECT_TRUE(std::regex_search(line, head)) << line;
    found.push_back(std::regex_replace(std::regex_replace(line, head, ""), pid, "pid=PID"));
  }
  return found;
}

TEST(Trace, AGroupThatFailsHasItsSpawnsItsFirstEndTheSignalAndTheOtherEndInOrder) {
  const TempDir folder;
  const Finished finished =
      ChildProcess(traced(folder / "log", {"2", "10", "-", "sh", "-c", "[ $RANK = 1 ] && exit 7; exec sleep 60"}))
          .wait();
  EXPECT_EQ(finished.exit_code, 7);
  EXPECT_THAT(deeds(lines_of(folder / "log")),
              testing::ElementsAre("start 2 rank(s) of sh, grace 10 s", "spawn rank=0 pid=PID sh",
                                   "spawn rank=1 pid=PID sh", "reap rank=1 pid=PID exit code 7",
                                   "decision stop: rank 1 failed", "sent SIGTERM to all ranks",
                                   "reap rank=0 pid=PID SIGTERM", "end exit code 7", "decision no restart"));
}

TEST(Trace, ASignalIsThereWithItsSender) {
  const TempDir folder;
  ChildProcess child(traced(folder / "log", {"1", "10", "-", "sh", "-c", "echo ready; exec sleep 60"}));
  ASSERT_TRUE(child.wait_for_output("ready"));
  ::kill(child.pid(), SIGTERM);
  EXPECT_EQ(child.wait().exit_code, 143);
  const std::string text = content(folder / "log");
  EXPECT_THAT(text, HasSubstr(" received SIGTERM from process " + std::to_string(::getpid()) + "\n"));
  EXPECT_THAT(text,
              testing::ContainsRegex("decision stop: the user or the cluster wants it\n.*sent SIGTERM to all ranks\n"
                                     ".* reap rank=0 pid=[0-9]+ SIGTERM\n.* end exit code 143\n"));
}

TEST(Trace, DebugIsStderr) {
  const Finished finished = ChildProcess(traced("debug", {"1", "5", "-", "true"})).wait();
  EXPECT_EQ(finished.exit_code, 0);
  EXPECT_THAT(finished.err,
              testing::ContainsRegex("spawn rank=0 pid=[0-9]+ true\n.*reap rank=0 pid=[0-9]+ exit code 0\n"));
}

TEST(Trace, AFileThatCannotBeOpenedIsOneWarning) {
  const Finished finished = ChildProcess(traced("/no/such/folder/log", {"2", "5", "-", "true"})).wait();
  EXPECT_EQ(finished.exit_code, 0);
  EXPECT_EQ(finished.err,
            "tlaunch: warning: TLAUNCH_LOG: cannot open /no/such/folder/log: No such file or directory; "
            "continuing without a trace\n");
}

class TracedRun : public test::RunCommandTest {};

TEST_F(TracedRun, ARestartIsADecisionBetweenTwoGroups) {
  const Finished run = tlaunch({"--run-dir", path("r"), "--nproc", "1", config_, "launch.max_restarts=1"},
                               {"FAKE_FAIL=0:9:2:1", "TLAUNCH_LOG=" + path("log")});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(content(path("log")),
              testing::ContainsRegex(" reap rank=0 pid=[0-9]+ exit code 9\n.* decision stop: rank 0 failed\n"
                                     ".* end exit code 9\n.* decision restart in [0-9.]+ m?s, newest checkpoint: none\n"
                                     ".* start 1 rank\\(s\\) of .* spawn rank=0 .* reap rank=0 pid=[0-9]+ exit code 0\n"
                                     ".* end exit code 0\n"));
}

TEST(Trace, IsOffByDefault) {
  const Finished finished = test::run_driver({"1", "5", "-", "true"});
  EXPECT_EQ(finished.exit_code, 0);
  EXPECT_THAT(finished.err, IsEmpty());
}

}  // namespace
}  // namespace tlaunch
