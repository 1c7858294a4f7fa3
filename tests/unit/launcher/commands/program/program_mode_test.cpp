// Plain programs under the built tlaunch, started as by a user.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <filesystem>

#include "base/json.h"
#include "processes/group/this_machine.h"
#include "tests/support/child_process.h"
#include "tests/support/run_tlaunch.h"
#include "tests/support/small_disk.h"

namespace tlaunch {
namespace {

using test::content;
using test::TempDir;
using testing::HasSubstr;
using testing::Not;

test::Outcome run_two(std::vector<std::string> options, const std::string& script) {
  options.insert(options.end(), {"--nproc_per_node=2", "--no-python", "sh", "-c", script, "sh"});
  return test::run_tlaunch(options);
}

TEST(ProgramMode, AScriptThatIsNotThereIsRefusedBeforePythonStarts) {
  const auto run = test::run_tlaunch({"--nproc", "2", "no_such_script.py"});
  EXPECT_EQ(run.code, 2);
  EXPECT_THAT(run.err, HasSubstr("no_such_script.py: there is no such file"));
  EXPECT_THAT(run.err, Not(HasSubstr("rank")));
}

TEST(ProgramMode, RedirectedStreamsGoToTheLogAloneAndTeedOnesToBoth) {
  const TempDir folder;
  const auto run =
      run_two({"--log_dir", folder.path(), "-r", "0:3,1:1", "-t", "1:1"}, "echo out $RANK; echo err $RANK >&2");
  EXPECT_EQ(run.code, 0);
  EXPECT_EQ(run.out, "[rank 1] out 1\n");
  EXPECT_EQ(run.err, "[rank 1] err 1\n");
  EXPECT_THAT(content(folder / "attempt_0/rank_0.log"), HasSubstr("out 0\n"));
  EXPECT_THAT(content(folder / "attempt_0/rank_0.log"), HasSubstr("err 0\n"));
  EXPECT_THAT(content(folder / "attempt_0/rank_1.log"), HasSubstr("out 1\n"));

  const auto again = run_two({"--log_dir", folder.path(), "--local-ranks-filter=1"}, "echo again $RANK");
  EXPECT_EQ(again.out, "[rank 1] again 1\n");
  EXPECT_EQ(content(folder / "attempt_1/rank_0.log"), "again 0\n") << "each program has its own log folder";
}

TEST(ProgramMode, RedirectedOutputWithoutAFolderIsKeptInTheRunsFolder) {
  const TempDir folder;
  test::ChildProcess child({"sh", "-c",
                            "cd " + folder.path().string() + " && exec " + test::program("tlaunch").string() +
                                " -r 3 --no-python sh -c 'echo hidden'"});
  const auto finished = child.wait();
  EXPECT_EQ(finished.out, "");
  EXPECT_THAT(finished.err, HasSubstr("tlaunch: logs in " + (folder / "runs/sh/").string()));
  int logs = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder / "runs/sh")) {
    if (entry.path().filename() != "rank_0.log") continue;
    ++logs;
    EXPECT_EQ(content(entry.path()), "hidden\n");
  }
  EXPECT_EQ(logs, 1);
}

TEST(ProgramMode, TheLocalRankStandsForItsMacro) {
  const auto run = test::run_tlaunch({"--nproc", "2", "--no-python", "echo", "--local-rank=${local_rank}", "$HOME $$"});
  EXPECT_THAT(run.out, HasSubstr("[rank 0] --local-rank=0 $HOME $$\n"));
  EXPECT_THAT(run.out, HasSubstr("[rank 1] --local-rank=1 $HOME $$\n"));
}

TEST(ProgramMode, LinesCarryThePrefixOfTorchrunsTemplate) {
  const auto with = [](const std::string& text, const std::vector<std::string>& options) {
    std::vector<std::string> argv{"env", "TORCHELASTIC_LOG_LINE_PREFIX_TEMPLATE=" + text, test::program("tlaunch")};
    argv.insert(argv.end(), options.begin(), options.end());
    argv.insert(argv.end(), {"--no-python", "sh", "-c", "[ $RANK = 0 ] || echo hi"});
    test::ChildProcess child(argv);
    return child.wait().out;
  };
  const std::vector<std::string> two{"--nproc", "2", "--role", "trainer"};
  EXPECT_EQ(with("[${role_name} ${local_rank}/$rank $$ ${host}]:", two), "[trainer 1/1 $ ${host}]:hi\n");
  EXPECT_EQ(with("", two), "[rank 1] hi\n");
}

Json summary_in(const TempDir& folder) { return Json::parse(content(folder / "summary.json")); }

TEST(ProgramMode, AFailureIsToldWithWhatTheRankRecordedAndKeptForPrograms) {
  const TempDir folder;
  const std::string record = R"({"message": {"message": "ValueError: bad luck", "extraInfo": {}}})";
  const auto run = run_two({"--run-dir", folder.path()}, "if [ $RANK = 1 ]; then echo '" + record +
                                                             "' > $TORCHELASTIC_ERROR_FILE; exit 7; fi; exec sleep 60");
  EXPECT_EQ(run.code, 7);
  EXPECT_THAT(run.err, HasSubstr("root cause: rank 1 (on host " + host_name() + ") failed with exit code 7\n"));
  EXPECT_THAT(run.err,
              HasSubstr("it said: ValueError: bad luck\nstopped because of it: rank 0 (SIGTERM (terminated))\n"));
  const Json summary = summary_in(folder);
  EXPECT_EQ(summary["status"], "failed");
  EXPECT_EQ(summary["exit_code"], 7);
  EXPECT_EQ(summary["failure"]["rank"], 1);
  EXPECT_EQ(summary["failure"]["message"], "ValueError: bad luck");
  EXPECT_EQ(summary["failure"]["victims"][0]["rank"], 0);
  EXPECT_TRUE(std::filesystem::exists(folder / "logs/attempt_0/rank_1.error.json"));

  EXPECT_EQ(run_two({"--run-dir", folder.path()}, "true").code, 0);
  EXPECT_EQ(summary_in(folder)["status"], "completed");
  EXPECT_FALSE(summary_in(folder).contains("failure"));
}

TEST(ProgramMode, AFailedGroupIsStartedAgainAsOftenAsAskedAndToldTheCount) {
  const TempDir folder;
  const std::string script =
      "echo count $TORCHELASTIC_RESTART_COUNT of $TORCHELASTIC_MAX_RESTARTS; "
      "test $RANK = 0 || test $TORCHELASTIC_RESTART_COUNT = 1 || exit 7";
  const auto mended = run_two({"--log_dir", folder.path(), "--max_restarts=2"}, script);
  EXPECT_EQ(mended.code, 0) << mended.err;
  EXPECT_THAT(mended.err, HasSubstr("restart 1 of 2"));
  EXPECT_THAT(mended.out, HasSubstr("[rank 1] count 1 of 2"));
  EXPECT_EQ(content(folder / "attempt_1/rank_1.log"), "count 1 of 2\n");
  const auto hopeless = run_two({"--max_restarts=2"}, "exit 2");
  EXPECT_EQ(hopeless.code, 2);
  EXPECT_THAT(hopeless.err, HasSubstr("not restarted: exit code 2"));
}

TEST(ProgramMode, TheErrorFileNeedsNoFolderAndIsNotInherited) {
  const auto run =
      run_two({},
              "if [ $RANK = 1 ]; then echo '{\"message\": \"lost\"}' > $TORCHELASTIC_ERROR_FILE; exit 7; fi; "
              "ls -l /proc/self/fd; exec sleep 60");
  EXPECT_EQ(run.code, 7);
  EXPECT_THAT(run.err, HasSubstr("it said: lost\n"));
  EXPECT_THAT(run.out, Not(HasSubstr("memfd")));
}

TEST(ProgramMode, TheRankThatRecordedItsErrorFirstIsTheRootCauseThoughItEndsLater) {
  const TempDir folder;
  const std::string pipe = folder / "pipe";
  ASSERT_EQ(std::system(("mkfifo " + pipe).c_str()), 0);
  // Rank 1 fails first, but is still ending when rank 0, which noticed, has ended. Times of files have a resolution of
  // some milliseconds, so rank 0 takes longer than that to notice.
  const auto run = run_two(
      {}, "trap '' TERM; if [ $RANK = 1 ]; then echo '{\"message\": \"first\"}' > $TORCHELASTIC_ERROR_FILE; echo > " +
              pipe + "; sleep 0.5; exit 3; fi; read x < " + pipe +
              "; sleep 0.05; echo '{\"message\": \"lost my peer\"}' > $TORCHELASTIC_ERROR_FILE; exit 4");
  EXPECT_EQ(run.code, 3) << run.err;
  EXPECT_THAT(run.err, HasSubstr("root cause: rank 1 (on host " + host_name() + ") failed with exit code 3"));
  EXPECT_THAT(run.err, HasSubstr("it said: first\n"));
}

TEST(ProgramMode, PythonsRecordTellsItsException) {
  const std::string python = (test::source_dir() / ".venv/bin/python").string();
  if (::access(python.c_str(), X_OK) != 0) GTEST_SKIP() << "no " << python;
  const TempDir folder;
  test::write(folder / "fail.py",
              "import os\n"
              "from torch.distributed.elastic.multiprocessing.errors import record\n"
              "@record\n"
              "def main():\n"
              "    if os.environ['RANK'] == '1':\n"
              "        raise ValueError('no such thing')\n"
              "    import time\n"
              "    time.sleep(60)\n"
              "main()\n");
  ::setenv("PYTHON_EXEC", python.c_str(), 1);
  const auto run = test::run_tlaunch({"--nproc", "2", folder / "fail.py"});
  ::unsetenv("PYTHON_EXEC");
  EXPECT_EQ(run.code, 1);
  EXPECT_THAT(run.err, HasSubstr("root cause: rank 1 (on host " + host_name() + ") failed with exit code 1"));
  EXPECT_THAT(run.err, HasSubstr("it said: ValueError: no such thing\n"));
}

TEST(ProgramMode, StdinGoesToRankZeroWhereItIsAskedFor) {
  const TempDir folder;
  const std::string tlaunch = test::program("tlaunch"), answered = folder / "answered";
  // A prompt without a newline is shown before the answer, without a prefix. Rank 1 writes after that.
  test::ChildProcess child({tlaunch, "--nproc", "2", "--stdin", "--no-python", "sh", "-c",
                            "if [ $RANK = 0 ]; then printf 'who? '; else while ! [ -e " + answered +
                                " ]; do sleep 0.02; done; fi; read x; echo $RANK got $x.; : > " + answered},
                           "me\n");
  const auto finished = child.wait();
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_THAT(finished.out, HasSubstr("who? 0 got me.\n"));
  EXPECT_THAT(finished.out, HasSubstr("[rank 1] 1 got .\n"));
}

TEST(ProgramMode, ALineIsShownWhileTheProgramRuns) {
  test::ChildProcess child(
      {test::program("tlaunch"), "--nproc", "2", "--no-python", "sh", "-c", "echo up; exec sleep 60"});
  EXPECT_TRUE(child.wait_for_output("[rank 0] up\n"));
  EXPECT_TRUE(child.wait_for_output("[rank 1] up\n"));
}

TEST(ProgramMode, AGigabyteOfOutputNeedsNoMemoryAndNoMoreDiskThanTheLimit) {
  const TempDir folder;
  const pid_t pid =
      test::start({test::program("tlaunch"), "--log-limit", "20MB", "--run-dir", folder.path(), "--nproc", "2",
                   "--no-python", "sh", "-c",
                   "yes 0123456789012345678901234567890123456789 | head -c 500000000; "
                   // The guard's parent is the launcher. (Its ru_maxrss would count the test's own memory before exec.)
                   "grep VmHWM /proc/$(awk '/^PPid/ {print $2}' /proc/$PPID/status)/status >&2"},
                  "/dev/null", folder / "err");
  EXPECT_EQ(test::wait_code(pid), 0);
  const std::string told = content(folder / "err");
  const std::size_t peak = told.rfind("VmHWM:");
  ASSERT_NE(peak, std::string::npos) << told;
#ifndef __SANITIZE_ADDRESS__
  EXPECT_LT(std::stol(told.substr(peak + 6)), 20'000) << "kB";
#endif
  for (const char* rank : {"0", "1"}) {
    std::uintmax_t bytes = 0;
    for (const char* part : {"", ".tail", ".tail.1"})
      bytes += std::filesystem::file_size(folder / (std::string("logs/attempt_0/rank_") + rank + ".log" + part));
    EXPECT_LE(bytes, 20'000'000u);
    EXPECT_GE(bytes, 15'000'000u);
  }
  EXPECT_THAT(told, HasSubstr("half of --log-limit"));
}

TEST(ProgramMode, AFullLogDiskEndsNoRunAndIsTold) {
  const TempDir folder;
  // In its own process, because the mount ends with that process.
  EXPECT_EXIT(
      {
        if (!test::mount_small_disk(folder.path(), "size=64k")) ::_exit(77);
        const auto run = run_two({"--log-dir", folder.path(), "-r", "3"}, "yes | head -c 1000000; echo done >&2");
        const bool told =
            run.err.find("No space left on device; the output is left out of this log until it can be written") !=
            std::string::npos;
        ::_exit(run.code == 0 && told ? 0 : 1);
      },
      [](int status) { return WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 77); }, "");
}

// A control group (v1) of 64 MB for a test.
class SmallMemory {
 public:
  SmallMemory() : path_("/sys/fs/cgroup/memory/tlaunch-test-" + std::to_string(::getpid())) {
    std::error_code error;
    made_ = std::filesystem::exists("/sys/fs/cgroup/memory/tasks", error) &&
            std::filesystem::create_directory(path_, error);
    if (made_) test::write(path_ + "/memory.limit_in_bytes", "67108864");
  }
  ~SmallMemory() {
    if (made_) ::rmdir(path_.c_str());
  }
  explicit operator bool() const { return made_; }
  std::string tasks() const { return path_ + "/tasks"; }

 private:
  std::string path_;
  bool made_ = false;
};

TEST(ProgramMode, AnOutOfMemoryKillIsRecognised) {
  const SmallMemory small;
  if (!small) GTEST_SKIP() << "no control group for memory can be made here";
  test::ChildProcess child(
      {"sh", "-c",
       "echo $$ > " + small.tasks() + " && exec " + test::program("tlaunch").string() +
           " --nproc 2 --no-python sh -c 'if [ $RANK = 1 ]; then exec python3 -c \"b\\\"x\\\" * 300000000\"; fi; "
           "exec sleep 60'"});
  const auto finished = child.wait();
  EXPECT_EQ(finished.exit_code, 137) << finished.err;
  EXPECT_THAT(finished.err, HasSubstr("root cause: rank 1 (on host " + host_name() +
                                      ") was killed by SIGKILL (out of memory: killed by "
                                      "the kernel); exit code 137"));
}

TEST(ProgramMode, WhenItsTimeIsUpTheRanksGetSigtermAndThenSigkill) {
  const TempDir folder;
  const auto plain = run_two({"--max-time", "300ms", "--run-dir", folder.path()}, "exec sleep 1000");
  EXPECT_EQ(plain.code, 75) << plain.err;
  EXPECT_THAT(plain.err, HasSubstr(": --max-time 300ms is up: stopping the ranks"));
  EXPECT_EQ(summary_in(folder)["status"], "interrupted");
  EXPECT_EQ(summary_in(folder)["reason"], "max_time");
  EXPECT_EQ(summary_in(folder)["exit_code"], 75);

  const auto deaf = run_two({"--max-time", "300ms", "--grace", "0.2"}, "trap '' TERM; while :; do sleep 0.1; done");
  EXPECT_EQ(deaf.code, 75) << deaf.err;
  const auto saves = run_two({"--max-time", "300ms"}, "trap 'echo saved; exit 0' TERM; while :; do sleep 0.05; done");
  EXPECT_EQ(saves.code, 75);
  EXPECT_THAT(saves.out, HasSubstr("saved"));
  const std::string fails = "trap 'exit 9' TERM; while :; do sleep 0.05; done";
  EXPECT_EQ(run_two({"--max-time", "300ms", "--max-restarts", "3"}, fails).code, 9);
  EXPECT_EQ(run_two({"--max-time", "1h"}, "true").code, 0);
  const auto watched = run_two({"--max-time", "300ms", "--hang-timeout", "60"}, "exec sleep 1000");
  EXPECT_EQ(watched.code, 75) << watched.err;
}

TEST(ProgramMode, ARestartThatHasNoTimeLeftIsNotTried) {
  const auto run = run_two({"--max-time", "1s", "--max-restarts", "100"}, "exit 7");
  EXPECT_EQ(run.code, 7);
  EXPECT_THAT(run.err, HasSubstr("not restarted: --max-time 1s is up"));
}

}  // namespace
}  // namespace tlaunch
