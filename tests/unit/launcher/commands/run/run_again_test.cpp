// The same command again: after a first try that saved nothing, on another machine, on a disk without links.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <csignal>
#include <filesystem>
#include <functional>

#include "tests/support/no_symlinks.h"
#include "tests/support/running.h"
#include "tests/support/small_disk.h"
#include "tests/unit/launcher/run_command_fixture.h"

namespace tlaunch {
namespace {

using test::ChildProcess;
using test::content;
using test::Finished;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
namespace fs = std::filesystem;
using Words = std::vector<std::string>;

class RunAgainTest : public test::RunCommandTest {
 protected:
  Words line(const Words& more = {}) const {
    Words words{"--run-dir", path("r"), config_, "train.epochs=1"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

  // Each way to repeat the command starts the run from nothing and completes it.
  void expect_all_repeats_work(const std::string& what) {
    const std::vector<Words> repeats = {line(), line({"--resume", "auto"}), line({"train.learning_rate=0.5"}),
                                        line({"--resume", "auto", "data.root=" + path("elsewhere"), "seed=4"})};
    fs::rename(path("r"), path("first"));
    for (const Words& words : repeats) {
      fs::remove_all(path("r"));
      fs::copy(path("first"), path("r"), fs::copy_options::recursive | fs::copy_options::copy_symlinks);
      const Finished again = tlaunch(words);
      EXPECT_EQ(again.exit_code, 0) << what << ": " << again.err;
      EXPECT_EQ(summary("r")["steps"], 20) << what;
    }
    fs::remove_all(path("r"));
    fs::remove_all(path("first"));
  }

  // Returns the result of `body` in a new process, whose view of the system `body` may change.
  static int in_a_process(const std::function<int()>& body) {
    const pid_t pid = ::fork();
    if (pid == 0) ::_exit(body());
    int status = 0;
    ::waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
};

constexpr int not_allowed_here = 77;

TEST_F(RunAgainTest, AfterAFailureOfWhateverKindBeforeTheFirstCheckpoint) {
  for (const std::string fault : {"0:65:0", "0:2:0", "0:74:2", "0:1:5", "0:137:2"}) {
    const Finished first = tlaunch(line({"seed=3"}), {"FAKE_FAIL=" + fault});
    EXPECT_NE(first.exit_code, 0);
    ASSERT_TRUE(fs::exists(path("r/summary.json")));
    expect_all_repeats_work(fault);
  }
}

TEST_F(RunAgainTest, AfterAllOfItWasKilledInTrainingBeforeTheFirstCheckpoint) {
  {
    ChildProcess first(command(line({"seed=3"}), {"FAKE_HOLD=" + path("never")}));
    ASSERT_TRUE(test::wait_for_event(path("r"), "step"));
    ::kill(first.pid(), SIGKILL);
    first.wait();
    EXPECT_TRUE(first.all_gone(20));
  }
  EXPECT_FALSE(fs::exists(path("r/summary.json")));
  expect_all_repeats_work("kill -9");
}

TEST_F(RunAgainTest, AfterItWasKilledWhileItTuned) {
  test::write(path("r/events.jsonl"), "{\"event\":\"trial\",\"t\":1,\"attempt\":0}\n{\"event\":\"tri");
  test::write(path("r/logs/tuning/rank_0.log"), "measuring\n");
  expect_all_repeats_work("killed while tuning");
}

TEST_F(RunAgainTest, AfterItWasKilledInItsFirstSave) {
  ASSERT_NE(tlaunch(line(), {"FAKE_FAIL=0:7"}).exit_code, 0);
  test::write(path("r/checkpoints.txt"), "epoch_01-step_20.safetensors\n");  // begun but never finished
  expect_all_repeats_work("killed while saving");
}

TEST_F(RunAgainTest, AtOnceAfterTheLauncherWasKilled) {
  ChildProcess first(command(line(), {"FAKE_HOLD=" + path("never")}));
  ASSERT_TRUE(test::wait_for_event(path("r"), "step"));
  ::kill(first.pid(), SIGKILL);
  const Finished again = tlaunch(line());  // its guards need a moment to release the folder
  EXPECT_EQ(again.exit_code, 0) << again.err;
}

TEST_F(RunAgainTest, AfterItWasToldToStopBeforeTheFirstCheckpoint) {
  ChildProcess first(command(line(), {"FAKE_HOLD=" + path("never")}));
  ASSERT_TRUE(test::wait_for_event(path("r"), "step"));
  ::kill(first.pid(), SIGINT);
  first.wait();
  expect_all_repeats_work("Ctrl-C");
}

TEST_F(RunAgainTest, AfterTheDiskWasFull) {
  const int code = in_a_process([&] {
    fs::create_directories(path("disk"));
    if (!test::mount_small_disk(path("disk"), "size=16k")) return not_allowed_here;
    test::write(path("disk/fill"), std::string(16384, 'x'));
    const Words words{"--run-dir", path("disk/r"), config_, "train.epochs=1"};
    const Finished first = tlaunch(words);
    if (first.exit_code != 74) return 1;
    fs::remove(path("disk/fill"));
    if (::mount(nullptr, path("disk").c_str(), nullptr, MS_REMOUNT, "size=4m") != 0) return 2;
    const Finished again = tlaunch(words);
    test::write(path("err"), first.err + again.err);
    return again.exit_code == 0 ? 0 : 3;
  });
  if (code == not_allowed_here) GTEST_SKIP() << "mounting is not allowed here";
  EXPECT_EQ(code, 0) << content(path("err"));
}

TEST_F(RunAgainTest, ARunThatHasSavedOrWasCompletedIsNotBegunAnewUnasked) {
  ASSERT_EQ(tlaunch(line(), {"FAKE_FAIL=0:7:22"}).exit_code, 0);
  ASSERT_EQ(tlaunch({"--run-dir", path("s"), config_, "train.epochs=2"}, {"FAKE_FAIL=0:7:22"}).exit_code, 7);
  ASSERT_EQ(tlaunch({"--run-dir", path("t"), config_, "train.epochs=1"}, {"FAKE_NO_SAVE=1"}).exit_code, 0);
  for (const std::string run : {"r", "s", "t"}) {
    const Finished again = tlaunch({"--run-dir", path(run), config_, "train.epochs=1"});
    EXPECT_EQ(again.exit_code, 2) << run;
    EXPECT_THAT(again.err, HasSubstr("holds a run already")) << run;
  }
  test::write(path("mine/config.yaml"), "seed: 1\n");
  EXPECT_EQ(tlaunch({"--run-dir", path("mine"), config_}).exit_code, 2) << "a config that somebody has written";
  EXPECT_EQ(content(path("mine/config.yaml")), "seed: 1\n");
}

TEST_F(RunAgainTest, ItsOwnConfigStartsTheSameRunFromAnywhere) {
  fs::create_directories(path("work"));
  fs::create_directories(path("away"));
  const auto in = [&](const std::string& folder, const Words& words) {
    Words argv{"sh", "-c", "cd " + path(folder) + " && exec \"$@\"", "sh"};
    const Words rest = command(words);
    argv.insert(argv.end(), rest.begin(), rest.end());
    return ChildProcess(argv).wait();
  };
  const Finished first = in("work", {"--nproc", "2", config_, "train.epochs=1", "run_root=here"});
  ASSERT_EQ(first.exit_code, 0) << first.err;
  const std::string run = fs::canonical(path("work/here/job/latest"));
  EXPECT_THAT(content(run + "/config.yaml"), AllOf(HasSubstr("nproc: 2"), HasSubstr("run_root: " + path("work/here"))));
  const Finished again = in("away", {run + "/config.yaml", "--resume", "auto", "train.epochs=2"});
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_THAT(again.err, HasSubstr("resumed at step 20"));
  EXPECT_EQ(test::events_of(run, "start").back()["world_size"], 2);
}

TEST_F(RunAgainTest, ARunThatNeverStartedIsNotTheLatest) {
  ASSERT_EQ(tlaunch({"--nproc", "2", config_, "train.epochs=1"}).exit_code, 0);
  const std::string run = fs::canonical(path("runs/job/latest"));
  ASSERT_EQ(tlaunch({"--nproc", "2", config_, "train.epochs=1"}, {"FAKE_JOIN=0:2"}).exit_code, 2);
  EXPECT_EQ(fs::canonical(path("runs/job/latest")), run);
  const Finished again = tlaunch({"--nproc", "2", config_, "train.epochs=2", "--resume", "auto"});
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_THAT(again.err, HasSubstr("resumed at step 20"));
}

TEST_F(RunAgainTest, ANumberOfRanksLeftToTheMachineIsKept) {
  ASSERT_EQ(tlaunch(line({"launch.nproc=auto"})).exit_code, 0);
  EXPECT_THAT(content(path("r/config.yaml")), HasSubstr("nproc: 1"));
}

TEST_F(RunAgainTest, ADiskWithoutLinksTrainsSaysSoOnceAndResumesTheNewestRun) {
  const int code = in_a_process([&] {
    if (!test::forbid_symlinks()) return not_allowed_here;
    const Finished first = tlaunch({config_, "train.epochs=1"});
    test::write(path("first"), first.err);
    const Finished again = tlaunch({config_, "train.epochs=2", "--resume", "auto"});
    test::write(path("again"), again.err);
    return first.exit_code == 0 && again.exit_code == 0 ? 0 : 1;
  });
  if (code == not_allowed_here) GTEST_SKIP() << "seccomp is not allowed here";
  const std::string first = content(path("first"));
  EXPECT_EQ(code, 0) << first << content(path("again"));
  EXPECT_THAT(first, HasSubstr("note: cannot link " + path("runs/job/latest")));
  EXPECT_EQ(first.find("latest"), first.rfind("latest")) << "once: " << first;
  EXPECT_THAT(content(path("again")), HasSubstr("resumed at step 20"));
}

TEST_F(RunAgainTest, ALatestThatIsNoLinkIsLeftAloneAndDoneWithout) {
  test::write(path("runs/job/latest/notes.txt"), "mine");
  test::write(path("runs/other/latest"), "mine");
  for (const std::string name : {"job", "other"}) {
    const Finished first = tlaunch({config_, "name=" + name, "train.epochs=1"});
    EXPECT_EQ(first.exit_code, 0) << first.err;
    EXPECT_THAT(first.err, AllOf(HasSubstr("latest is a"), HasSubstr("left alone")));
    const Finished again = tlaunch({config_, "name=" + name, "train.epochs=2", "--resume", "auto"});
    EXPECT_EQ(again.exit_code, 0) << again.err;
    EXPECT_THAT(again.err, HasSubstr("resumed at step 20"));
  }
  EXPECT_EQ(content(path("runs/job/latest/notes.txt")), "mine");
  EXPECT_EQ(content(path("runs/other/latest")), "mine");
}

TEST_F(RunAgainTest, TheSameDataElsewhereIsTakenAndOtherDataInTheSamePlaceIsRefused) {
  const auto with_data = [&](const std::string& sum, const Words& more) {
    return tlaunch(line(more), {"FAKE_CHECK=0:640", "FAKE_DATA=" + sum});
  };
  ASSERT_EQ(with_data("aaaa0000", {"data.root=" + path("here")}).exit_code, 0);
  const Words resume{"--resume", "auto", "train.epochs=2"};
  Words moved = resume, kept = resume;
  moved.push_back("data.root=" + path("there"));
  kept.push_back("data.root=" + path("here"));
  test::write(path("here/changed"), "so that the earlier answer does not count");
  const Finished other = with_data("bbbb0000", kept);
  EXPECT_EQ(other.exit_code, 65);
  EXPECT_THAT(other.err, AllOf(HasSubstr("training data differ"), HasSubstr("aaaa0000"), HasSubstr("bbbb0000"),
                               HasSubstr("epoch_01-step_20.safetensors")));
  const Finished same = with_data("aaaa0000", moved);
  EXPECT_EQ(same.exit_code, 0) << same.err;
  EXPECT_THAT(same.err, AllOf(HasSubstr("resumed at step 20"), Not(HasSubstr("data.root"))));
  const std::string checkpoint = path("r/checkpoints/epoch_01-step_20.safetensors");
  const Finished branch =
      tlaunch({"--run-dir", path("b"), "--resume", checkpoint, config_}, {"FAKE_CHECK=0:640", "FAKE_DATA=cccc0000"});
  EXPECT_EQ(branch.exit_code, 65);
  EXPECT_FALSE(fs::exists(path("b")));
}

TEST_F(RunAgainTest, ACheckpointThatSaysNothingOfItsDataIsGoneOnFrom) {
  ASSERT_EQ(tlaunch(line()).exit_code, 0);
  const Finished again = tlaunch(line({"--resume", "auto", "train.epochs=2", "data.root=/elsewhere"}),
                                 {"FAKE_CHECK=0:640", "FAKE_DATA=aaaa0000"});
  EXPECT_EQ(again.exit_code, 0) << again.err;
}

}  // namespace
}  // namespace tlaunch
