// Runs with problems: logs that cannot be written, moved folders, names that are not UTF-8.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <regex>

#include "tests/support/running.h"
#include "tests/support/small_disk.h"
#include "tests/unit/launcher/run_command_fixture.h"

namespace tlaunch {
namespace {

using test::ChildProcess;
using test::content;
using test::Finished;
using test::RunCommandTest;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
namespace fs = std::filesystem;

class RunTroubleTest : public RunCommandTest {
 protected:
  // If the folder exists already, resumes in it.
  std::vector<std::string> run_in(const std::string& folder, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words = {"--run-dir", path(folder), "--resume", "auto", config_, "train.epochs=1"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
};

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST_F(RunTroubleTest, AnEventLogThatCannotBeWrittenIsToldOnceAndTheRunCompletes) {
  fs::create_directories(path("full"));
  fs::create_symlink("/dev/full", path("full/events.jsonl"));
  fs::create_directories(path("folder/events.jsonl"));
  for (const std::string name : {"full", "folder"}) {
    const Finished run = tlaunch(run_in(name));
    EXPECT_EQ(run.exit_code, 0) << run.err;
    EXPECT_EQ(count_of(run.err, "cannot write " + path(name) + "/events.jsonl: "), 1u) << run.err;
    EXPECT_THAT(run.err, HasSubstr("incomplete, because they could not be written: events.jsonl"));
    EXPECT_EQ(summary(name)["status"], "completed");
    EXPECT_EQ(summary(name)["lost"], Json::array({"events.jsonl"}));
  }
}

TEST_F(RunTroubleTest, ALineThatACrashCutInTheEventLogDoesNotSpoilTheNext) {
  test::write(path("r/events.jsonl"), "{\"event\":\"step\",\"st");
  EXPECT_EQ(tlaunch(run_in("r")).exit_code, 0);
  const std::string log = content(path("r/events.jsonl"));
  const std::string rest = log.substr(log.find('\n') + 1);
  std::istringstream lines(rest);
  for (std::string line; std::getline(lines, line);) EXPECT_TRUE(Json::accept(line)) << line;
  EXPECT_FALSE(summary("r").contains("lost"));
}

TEST_F(RunTroubleTest, ASummaryThatCannotBeWrittenEndsACompletedRunWith74AfterItsResults) {
  fs::create_directories(path("r/summary.json/in_the_way"));
  const Finished run = tlaunch(run_in("r", {"--json"}));
  EXPECT_EQ(run.exit_code, 74);
  EXPECT_THAT(run.err,
              AllOf(HasSubstr("completed after"), HasSubstr("val_loss"), HasSubstr("could not save the summary")));
  EXPECT_EQ(Json::parse(run.out)["status"], "completed");
  EXPECT_EQ(Json::parse(run.out)["exit_code"], 74);
}

TEST_F(RunTroubleTest, AFailedRunKeepsItsCodeWhereTheSummaryCannotBeWritten) {
  fs::create_directories(path("r/summary.json/in_the_way"));
  const Finished run = tlaunch(run_in("r"), {"FAKE_FAIL=0:7"});
  EXPECT_EQ(run.exit_code, 7);
  EXPECT_THAT(run.err, AllOf(HasSubstr("the fake failure"), HasSubstr("could not save the summary")));
}

TEST_F(RunTroubleTest, ADiskThatFillsUpDuringTheRunEndsItAfterItsResults) {
  // In its own process, because the mount ends with that process.
  const std::string disk = path("disk");
  fs::create_directories(disk);
  const pid_t child = ::fork();
  if (child == 0) {
    if (!test::mount_small_disk(disk, "size=256k")) ::_exit(77);
    ChildProcess run(
        command({"--run-dir", disk + "/r", config_, "train.epochs=1"}, {"FAKE_HOLD=" + path("go"), "FAKE_NO_SAVE=1"}));
    if (!test::wait_for_event(disk + "/r", "start")) ::_exit(1);
    test::write(disk + "/filler", std::string(1 << 20, 'x'));
    test::write(path("go"), "");
    const Finished ended = run.wait();
    const bool told = count_of(ended.err, "events.jsonl: No space left on device") == 1 &&
                      count_of(ended.err, "completed after") == 1 && count_of(ended.err, "val_loss") > 0 &&
                      count_of(ended.err, "could not save the summary: ") == 1;
    if (!told) std::fprintf(stderr, "%s", ended.err.c_str());
    ::_exit(ended.exit_code == 74 && told ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77) GTEST_SKIP() << "no mounts here";
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

TEST_F(RunTroubleTest, ARunAndItsRestartGoOnWithoutTheirLogFolder) {
  test::write(path("r/logs"), "in the way");
  const Finished run =
      tlaunch({"--run-dir", path("r"), config_, "train.epochs=2", "launch.max_restarts=1"}, {"FAKE_FAIL=0:7:22:1"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.err, HasSubstr("continuing without the logs of this attempt"));
  EXPECT_EQ(summary("r")["restarts"], 1);
}

TEST_F(RunTroubleTest, WhatTheWorkerCouldNotLogIsToldAndMarked) {
  const Finished run = tlaunch(run_in("r"), {"FAKE_LOG_FAILED=1"});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_THAT(run.err, HasSubstr("warning: cannot write metrics.csv: No space left on device"));
  EXPECT_EQ(summary("r")["lost"], Json::array({"metrics.csv"}));
}

TEST_F(RunTroubleTest, AFolderThatIsMovedDuringTheRunIsToldAndEndsItWith74) {
  ChildProcess run(command({"--run-dir", path("r"), config_, "train.epochs=2"}, {"FAKE_HOLD=" + path("go")}));
  ASSERT_TRUE(test::wait_for_event(path("r"), "start"));
  fs::rename(path("r"), path("elsewhere"));
  test::write(path("go"), "");
  const Finished ended = run.wait();
  EXPECT_EQ(ended.exit_code, 74) << ended.err;
  EXPECT_EQ(count_of(ended.err, "the run folder " + path("r") + " was moved to " + path("elsewhere")), 1u) << ended.err;
  EXPECT_LT(ended.err.find("was moved to"), ended.err.find("eval at step 40")) << "reported at the next save";
  EXPECT_THAT(ended.err, AllOf(HasSubstr("completed after"), HasSubstr("val_loss")));
  EXPECT_EQ(summary("elsewhere")["status"], "completed");
  EXPECT_EQ(summary("elsewhere")["exit_code"], 74);
}

TEST_F(RunTroubleTest, AFolderThatIsRemovedDuringTheRunIsToldAndEndsItWith74) {
  ChildProcess run(command({"--run-dir", path("r"), "--json", config_, "train.epochs=2"}, {"FAKE_HOLD=" + path("go")}));
  ASSERT_TRUE(test::wait_for_event(path("r"), "start"));
  fs::remove_all(path("r"));
  test::write(path("go"), "");
  const Finished ended = run.wait();
  EXPECT_EQ(ended.exit_code, 74) << ended.err;
  EXPECT_EQ(count_of(ended.err, "the run folder " + path("r") + " was removed"), 1u) << ended.err;
  EXPECT_EQ(Json::parse(ended.out)["status"], "completed");
  EXPECT_EQ(Json::parse(ended.out)["exit_code"], 74);
}

TEST_F(RunTroubleTest, NamesThatAreNotUtf8AreAsGoodAsOthers) {
  const std::string odd = path("odd\xff\xfe");
  fs::create_directories(odd);
  const std::string config = odd + "/caf\xe9.yaml", run = odd + "/r\xff";
  fs::copy_file(config_, config);
  const Finished whole = tlaunch({"--run-dir", run, "--json", config, "train.epochs=1"});
  ASSERT_EQ(whole.exit_code, 0) << whole.err;
  EXPECT_EQ(Json::parse(whole.out)["status"], "completed");
  EXPECT_EQ(Json::parse(content(run + "/summary.json"))["status"], "completed");
  EXPECT_TRUE(Json::accept(content(run + "/plan.json")));
  const Finished resumed = tlaunch({"--run-dir", run, "--resume", "auto", config, "train.epochs=2"});
  EXPECT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_THAT(resumed.err, HasSubstr("resumed at step 20"));
  const Finished smoke = tlaunch({"--smoke", "--run-dir", odd + "/smoke", config});
  EXPECT_EQ(smoke.exit_code, 0) << smoke.err;
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"--dry-run", "--json", config},
                                             {"tune", "--json", config},
                                             {"--dry-run", "--json", config, "run_root=" + odd}}) {
    const Finished answer = tlaunch(words);
    EXPECT_EQ(answer.exit_code, 0) << answer.err;
    EXPECT_TRUE(Json::accept(answer.out)) << answer.out;
  }
}

TEST_F(RunTroubleTest, ACacheAndAHomeThatCannotBeReachedAreDoneWithout) {
  fs::create_symlink("loop", path("loop"));
  const std::vector<std::string> home = {"HOME=" + path("loop"), "XDG_CACHE_HOME=" + path("loop/cache"),
                                         "XDG_STATE_HOME=" + path("loop/state")};
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"--dry-run", config_}, {"tune", config_}, {"probe"}, {"--run-dir", path("r"), config_, "train.epochs=1"}}) {
    const Finished run = tlaunch(words, home);
    EXPECT_EQ(run.exit_code, 0) << run.err;
    EXPECT_THAT(run.err, Not(HasSubstr("internal error")));
  }
  const Finished worker = tlaunch({config_, "launch.worker=" + path("loop/worker")});
  EXPECT_EQ(worker.exit_code, 2) << worker.err;
  EXPECT_THAT(worker.err, HasSubstr("cannot be reached"));
  for (const char* word : {"loop/train", "loop/train.yaml", "loop/train.py"}) {
    const Finished program = tlaunch({path(word)});
    EXPECT_NE(program.exit_code, 0);
    EXPECT_THAT(program.err, Not(HasSubstr("internal error"))) << word;
  }
}

TEST_F(RunTroubleTest, AWorkingFolderThatWasRemovedIsToldOrNotNeeded) {
  const auto without_folder = [&](const std::vector<std::string>& words) {
    std::vector<std::string> argv = {
        "sh", "-c",
        "mkdir " + path("gone") + " && cd " + path("gone") + " && rmdir " + path("gone") + " && exec \"$@\"", "sh"};
    const auto rest = command(words, {"PATH=/usr/bin:/bin"});  // a Python that is not a shell script
    argv.insert(argv.end(), rest.begin(), rest.end());
    return ChildProcess(argv).wait();
  };
  const Finished relative = without_folder({"--run-dir", "r", config_, "data.root=" + path("data")});
  EXPECT_EQ(relative.exit_code, 2) << relative.err;
  EXPECT_THAT(relative.err, HasSubstr("working directory was removed"));
  const Finished absolute =
      without_folder({"--run-dir", path("r"), config_, "train.epochs=1", "data.root=" + path("data")});
  EXPECT_EQ(absolute.exit_code, 0) << absolute.err;
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"probe"}, {"--version"}, {"estimate", "--throughput", "54kimg/h", "--kimg", "300"}, {"--", "/bin/true"}}) {
    const Finished other = without_folder(words);
    EXPECT_EQ(other.exit_code, 0) << other.err;
  }
  const Finished logs = without_folder({"--log-dir", "logs", "--", "/bin/true"});
  EXPECT_EQ(logs.exit_code, 2) << logs.err;
}

TEST_F(RunTroubleTest, ATeamFileThatIsDamagedIsLeftOutWithANote) {
  test::write(path("team.yaml"), "team_gpu_settings:\n  cpu: {batch_size: \x01, \xff\n");
  fs::create_directories(path("folder"));
  for (const std::string name : {"team.yaml", "folder", "absent.yaml"}) {
    const Finished run = tlaunch(run_in("r" + name, {"tune.team_file=" + path(name)}));
    EXPECT_EQ(run.exit_code, 0) << run.err;
    EXPECT_THAT(run.err, HasSubstr("note: the team's settings are left out: " + path(name)));
  }
}

// Every option whose default is a config key according to the help, with a value that differs from the key's.
std::map<std::string, std::string> options_with_keys(const std::string& help) {
  const std::map<std::string, std::string> values = {
      {"--nproc", "1"},   {"--hang-timeout", "3.6"}, {"--grace", "3"},         {"--max-restarts", "4"},
      {"--numa", "node"}, {"--max-time", "9h"},      {"--on-end", "/bin/true"}};
  std::map<std::string, std::string> found;  // key to "--option=value"
  const std::regex key(R"(\(default:\s+(launch\.[a-z_]+))"), option(R"((?:^|\n) +(?:-\w,)?(--[a-z-]+))");
  for (std::sregex_iterator each(help.begin(), help.end(), key), end; each != end; ++each) {
    const std::string above = help.substr(0, static_cast<std::size_t>(each->position()));
    std::string name;
    for (std::sregex_iterator one(above.begin(), above.end(), option); one != end; ++one) name = (*one)[1];
    if (!values.contains(name))
      ADD_FAILURE() << name << " sets " << (*each)[1] << ": give it a value in this test";
    else
      found[(*each)[1]] = name + "=" + values.at(name);
  }
  return found;
}

TEST_F(RunTroubleTest, EveryOptionThatIsAKeyReachesTheWorkerHoweverTheRunStarts) {
  const auto all_options = options_with_keys(tlaunch({"--help"}).out);
  EXPECT_GE(all_options.size(), 7u);
  test::write(path("team.yaml"), "team_gpu_settings: {cpu: {batch_size: 8, num_workers: 0}}\n");
  struct Way {
    std::string name, run_dir;
    std::vector<std::string> words, variables;
  };
  const std::vector<Way> ways = {{"fresh", "r", {}, {}},
                                 {"resumed", "r", {"--resume", "auto", "train.epochs=2"}, {}},
                                 {"smoke", "s", {"--smoke"}, {}},
                                 {"team", "t", {"tune.team_file=" + path("team.yaml")}, {}},
                                 {"restarted", "x", {}, {"FAKE_FAIL=0:1:2:1"}}};
  for (const Way& way : ways) {
    std::vector<std::string> all{"--run-dir", path(way.run_dir)}, variables = way.variables;
    auto options = all_options;
    if (way.name == "smoke") options.erase("launch.max_time");  // refused with --smoke, whose limit is --smoke-minutes
    for (const auto& [key, option] : options) all.push_back(option);
    all.push_back(config_);
    all.push_back("train.epochs=1");
    all.insert(all.end(), way.words.begin(), way.words.end());
    test::write(path("heartbeat"), "");
    variables.push_back("FAKE_HEARTBEAT_FILE=" + path("heartbeat"));
    const Finished run = tlaunch(all, variables);
    EXPECT_EQ(run.exit_code, 0) << way.name << run.err;
    EXPECT_EQ(content(path("heartbeat")), "0.9") << way.name << ": a quarter of --hang-timeout";
    const std::string given = content(path(way.run_dir) + "/config.yaml");
    for (const auto& [key, option] : options)
      EXPECT_THAT(given, HasSubstr(key.substr(key.find('.') + 1) + ": " + option.substr(option.find('=') + 1)))
          << way.name;
  }
}

TEST_F(RunTroubleTest, AStoppedRankEndsTheRunAfterTheHangTimeoutOfTheCommandLine) {
  ChildProcess run(command({"--hang-timeout", "2", "--run-dir", path("r"), config_},
                           {"FAKE_HOLD=" + path("never"), "FAKE_NO_SAVE=1"}));
  ASSERT_TRUE(test::wait_for_event(path("r"), "step"));
  const auto workers = test::workers_of(path("r"));
  ASSERT_EQ(workers.size(), 1u);
  ::kill(workers[0], SIGSTOP);
  const Finished ended = run.wait(60);
  EXPECT_EQ(ended.exit_code, 124) << ended.err;
  EXPECT_EQ(summary("r")["status"], "hung");
}

}  // namespace
}  // namespace tlaunch
