// `tlaunch doctor`: the content of the archive, what is left out, and that broken files do not stop it.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <cstdlib>
#include <ctime>

#include "base/error.h"
#include "launcher/commands/doctor/redact.h"
#include "launcher/commands/doctor/report.h"
#include "launcher/commands/doctor/tar.h"
#include "tests/unit/launcher/run_command_fixture.h"

namespace tlaunch {
namespace {

using test::content;
using test::Finished;
using test::TempDir;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
namespace fs = std::filesystem;

int shell(const std::string& command) { return std::system(command.c_str()); }

TEST(Tar, TheSystemsTarReadsWhatIsWritten) {
  const TempDir folder;
  std::vector<ArchiveFile> files{{"a/empty", ""}, {"a/block", std::string(512, 'b')}, {"a/text", "one\ntwo\n"}};
  const std::string deep =
      std::string(90, 'd') + "/" + std::string(60, 'e') + "/" + std::string(99, 'f');              // uses the prefix
  const std::string longest = "a/" + std::string(200, 'n') + "/\xc3\xa4" + std::string(150, 'o');  // needs a pax header
  files.push_back({deep, std::string(513, 'x')});
  files.push_back({longest, "long"});
  files.push_back({"z/last", std::string(100'000, 'z')});
  test::write(folder / "x.tar.gz", gzip_of(tar_of(files, 1'700'000'000)));
  ASSERT_EQ(shell("cd " + folder.path().string() + " && tar -xzf x.tar.gz 2> err && test ! -s err"), 0)
      << content(folder / "err");
  for (const ArchiveFile& file : files) EXPECT_EQ(content(folder / file.name), file.content) << file.name;
  struct stat status = {};
  ASSERT_EQ(::stat((folder / "a/text").c_str(), &status), 0);
  EXPECT_EQ(status.st_mtime, 1'700'000'000);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST(Redact, HidesWhatIsCalledASecretAndNothingElse) {
  const Hidden hidden{{{"HF_TOKEN", "hf_abcdef"}, {"X_KEY", "1"}}, "/home/ann"};
  const auto clean = [&](const std::string& text) { return redacted(text, hidden); };
  EXPECT_EQ(clean("using hf_abcdef, 1 rank\n"), "using [value of HF_TOKEN], 1 rank\n");
  EXPECT_EQ(clean("/home/ann/x /home/anna /home/ann"), "~/x /home/anna ~");
  EXPECT_EQ(clean("password: hunter2"), "password: [hidden]");
  EXPECT_EQ(clean("a --api-key=k1 --password p2 x"), "a --api-key=[hidden] --password [hidden] x");
  EXPECT_EQ(clean(R"({"auth_token": "a \"b", "step": 3})"), R"({"auth_token": [hidden], "step": 3})");
  EXPECT_EQ(clean("Authorization: Bearer abc.def"), "Authorization: Bearer [hidden]");
  EXPECT_EQ(clean("https://ann:pw@host/x http://host:80/a@b"), "https://[hidden]@host/x http://host:80/a@b");
  EXPECT_EQ(clean("  on_end: curl https://hooks/T1/B2 -d x\n  nproc: 2\n"), "  on_end: [hidden]\n  nproc: 2\n");
  EXPECT_EQ(clean("AWS_SECRET_ACCESS_KEY=abc MASTER_PORT=1"), "AWS_SECRET_ACCESS_KEY=[hidden] MASTER_PORT=1");
  for (const char* name :
       {"MYPASS", "DB_PASS_2", "PASSPHRASE", "PASSWD", "GITHUB_PAT", "X_AUTH", "SLACK_WEBHOOK", "CREDENTIALS"}) {
    EXPECT_TRUE(names_secret(name)) << name;
    EXPECT_EQ(clean(std::string(name) + "=v1 x"), std::string(name) + "=[hidden] x");
  }
  EXPECT_EQ(clean("authorization: Basic dXNlcjpw more"), "authorization: Basic [hidden]");
  EXPECT_EQ(clean("curl -H 'Authorization: Basic dXNl' x"), "curl -H 'Authorization: Basic [hidden]' x");
  EXPECT_EQ(clean(R"({"Authorization": "Basic dXNl", "a": 1})"), R"({"Authorization": [hidden], "a": 1})");
  EXPECT_EQ(clean("Authorization: dXNl"), "Authorization: [hidden]");
  for (const char* token : {"ghp_a1b2c3d4e5", "gho_a1b2c3d4e5", "github_pat_11AB_cdefgh", "hf_AbCdEfGhIj",
                            "sk-proj-abcdef", "xoxb-12-34-abc"})
    EXPECT_EQ(clean(std::string("using ") + token + ", x"), "using [hidden], x");
  for (const char* same : {"author: ann", "passed: 3", "path: x", "hf_hub_download failed", "pattern=a", "sk-learn"})
    EXPECT_EQ(clean(same), same);
  for (const char* same :
       {"tokens: 512", "key: value", "max_tokens=3 tokenizer: bpe", "epoch 1/2  loss 0.5\n", "monitor: val_loss"})
    EXPECT_EQ(clean(same), same);
}

TEST(Report, ALargeFileIsCutInTheMiddleAndAPipeIsNotWaitedFor) {
  const TempDir folder;
  test::write(folder / "large", std::string(600, 'a') + std::string(600, 'b'));
  EXPECT_THAT(bounded_content(folder / "large", 1000),
              AllOf(testing::StartsWith(std::string(500, 'a') + "\n"), HasSubstr("200 bytes are left out"),
                    testing::EndsWith("\n" + std::string(500, 'b'))));
  EXPECT_EQ(bounded_content(folder / "large", 1200).size(), 1200u);
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_THROW(bounded_content(folder / "pipe", 10), IoError);
  EXPECT_THROW(bounded_content(folder / "none", 10), IoError);
}

class DoctorTest : public test::RunCommandTest {
 protected:
  DoctorTest() { fs::create_directories(path("work")); }
  Finished doctor(std::vector<std::string> arguments, const std::vector<std::string>& variables = {}) const {
    arguments.insert(arguments.begin(), "doctor");
    auto argv = command(arguments, variables);
    argv.insert(argv.begin() + 1, {"-C", path("work")});
    return test::ChildProcess(argv).wait();
  }
  // Unpacks it and returns the folder.
  std::string unpacked(const std::string& archive) const {
    fs::remove_all(path("unpacked"));
    fs::create_directories(path("unpacked"));
    EXPECT_EQ(shell("tar -xzf " + archive + " -C " + path("unpacked")), 0);
    return path("unpacked") + "/tlaunch-doctor";
  }
};

TEST_F(DoctorTest, OfAFailedRunItHoldsAllThatAReaderAsksForAndNoValueOfTheEnvironment) {
  ASSERT_EQ(
      tlaunch({"--run-dir", path("r"), config_, "train.epochs=1"}, {"FAKE_FAIL=0:7", "FAKE_SECRET=the-very-secret"})
          .exit_code,
      7);
  test::write(path("r/logs/attempt_0/stacks_0.txt"), "in step 3\ntoken=abc\nkept the-very-secret here\n");
  const Finished made = doctor({path("r"), "--output", path("out.tar.gz")},
                               {"MY_SPECIAL_NAME=my-special-value", "FAKE_SECRET=the-very-secret"});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  EXPECT_THAT(made.out,
              AllOf(HasSubstr(path("out.tar.gz")), HasSubstr("run/events.jsonl"), HasSubstr("before you send it")));
  struct stat status = {};
  ASSERT_EQ(::stat(path("out.tar.gz").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600u);
  const std::string folder = unpacked(path("out.tar.gz"));
  EXPECT_THAT(content(folder + "/run/events.jsonl"), HasSubstr("the fake failure"));
  EXPECT_THAT(content(folder + "/run/logs/attempt_0/rank_0.log"), HasSubstr("error: the fake failure"));
  EXPECT_THAT(content(folder + "/run/config.yaml"), HasSubstr("epochs: 1"));
  EXPECT_TRUE(Json::parse(content(folder + "/run/plan.json")).is_object());
  EXPECT_EQ(Json::parse(content(folder + "/run/summary.json"))["exit_code"], 7);
  EXPECT_THAT(content(folder + "/run/files.txt"), HasSubstr("logs/attempt_0/rank_0.log"));
  EXPECT_EQ(content(folder + "/run/logs/attempt_0/stacks_0.txt"),
            "in step 3\ntoken=[hidden]\nkept [value of FAKE_SECRET] here\n");
  EXPECT_TRUE(Json::parse(content(folder + "/probe.json")).contains("cpu"));
  EXPECT_THAT(content(folder + "/versions.txt"),
              AllOf(HasSubstr("tlaunch 0."), HasSubstr("kernel: Linux"), HasSubstr("glibc: ")));
  EXPECT_THAT(content(folder + "/worker.txt"), HasSubstr("LibTorch 0.0"));
  EXPECT_THAT(content(folder + "/environment_names.txt"), HasSubstr("MY_SPECIAL_NAME\n"));
  EXPECT_NE(shell("grep -rq 'my-special-value\\|the-very-secret' " + folder), 0) << "a value is in it";
}

TEST_F(DoctorTest, TheNewestRunBelowRunsIsTaken) {
  for (const char* name : {"runs/a/one", "runs/b"}) fs::create_directories(path(std::string("work/") + name));
  test::write(path("work/runs/a/one/events.jsonl"), "{\"event\": \"a\"}\n");
  test::write(path("work/runs/b/summary.json"), "{}");
  fs::create_directory_symlink("one", path("work/runs/a/latest"));
  const auto old = fs::last_write_time(path("work/runs/b/summary.json")) - std::chrono::hours(1);
  fs::last_write_time(path("work/runs/b/summary.json"), old);
  EXPECT_THAT(doctor({"--output", path("1.tar.gz")}).out, HasSubstr("The run: runs/a/one\n"));
  fs::last_write_time(path("work/runs/a/one/events.jsonl"), old - std::chrono::hours(1));
  EXPECT_THAT(doctor({"--output", path("2.tar.gz")}).out, HasSubstr("The run: runs/b\n"));
}

TEST_F(DoctorTest, WithoutARunAndWithoutAWorkerThereIsStillAnArchive) {
  const Finished made = doctor({});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  EXPECT_THAT(made.out, HasSubstr("The archive holds no run"));
  std::string archive;
  for (const auto& entry : fs::directory_iterator(path("work"))) archive = entry.path();
  EXPECT_THAT(archive, HasSubstr("tlaunch-doctor-"));
  test::write(path("broken"), "#!/bin/sh\necho 'libx.so: not found' >&2; exit 127\n");
  fs::permissions(path("broken"), fs::perms::owner_all);
  fs::create_directories(path("r"));
  test::write(path("r/config.yaml"), "launch: {worker: " + path("broken") + "}\n");
  ASSERT_EQ(::mkfifo(path("r/events.jsonl").c_str(), 0600), 0);
  ASSERT_EQ(doctor({path("r"), "--output", path("b.tar.gz")}).exit_code, 0);
  EXPECT_THAT(content(unpacked(path("b.tar.gz")) + "/notes.txt"),
              AllOf(HasSubstr("worker.txt is missing"), HasSubstr("libx.so: not found"),
                    HasSubstr("run/events.jsonl is missing"), HasSubstr("run/summary.json is missing")));
}

TEST_F(DoctorTest, LinksThatLeadOutOfTheRunAreNotFollowed) {
  test::write(path("private"), "the private text\n");
  fs::create_directories(path("elsewhere"));
  test::write(path("elsewhere/rank_0.log"), "the private text\n");
  fs::create_directories(path("r/kept"));
  test::write(path("r/kept/plan.json"), "{\"inside\": 1}\n");
  for (const char* name : {"config.yaml", "summary.json", "events.jsonl", "metrics.csv"})
    fs::create_symlink(path("private"), path(std::string("r/") + name));
  fs::create_symlink("kept/plan.json", path("r/plan.json"));
  fs::create_directory_symlink(path("elsewhere"), path("r/logs"));
  ASSERT_EQ(doctor({path("r"), "--output", path("l.tar.gz")}).exit_code, 0);
  const std::string folder = unpacked(path("l.tar.gz"));
  EXPECT_NE(shell("grep -rq 'the private text' " + folder), 0);
  EXPECT_THAT(content(folder + "/run/plan.json"), HasSubstr("inside"));
  for (const char* name : {"config.yaml", "summary.json", "events.jsonl", "metrics.csv", "logs"})
    EXPECT_THAT(content(folder + "/notes.txt"), HasSubstr(std::string("/r/") + name + " is a link that leads out"));
}

TEST_F(DoctorTest, ANameThatIsTakenGetsANumber) {
  const std::time_t now = std::time(nullptr);
  for (std::time_t second = now; second < now + 120; ++second) {
    std::tm local{};
    localtime_r(&second, &local);
    char name[64];
    std::strftime(name, sizeof name, "work/tlaunch-doctor-%Y%m%d-%H%M%S.tar.gz", &local);
    test::write(path(name), "another's");
  }
  const Finished made = doctor({});
  EXPECT_EQ(made.exit_code, 0) << made.err;
  EXPECT_THAT(made.out, HasSubstr("-2.tar.gz, "));
  EXPECT_EQ(shell("ls " + path("work") + " | grep -c -- '-2.tar.gz' | grep -qx 1"), 0);
}

TEST_F(DoctorTest, ItNeverWritesOverAFileAndSaysWhatIsWrong) {
  test::write(path("there"), "mine");
  EXPECT_EQ(doctor({"--output", path("there")}).exit_code, 2);
  EXPECT_EQ(content(path("there")), "mine");
  fs::create_symlink(path("nowhere"), path("link"));
  EXPECT_EQ(doctor({"--output", path("link")}).exit_code, 2);
  EXPECT_FALSE(fs::exists(path("nowhere")));
  EXPECT_EQ(doctor({"--output", path("no/such/folder/x.tar.gz")}).exit_code, 74);
  const Finished none = doctor({path("no-such-run")});
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_THAT(none.err, HasSubstr("no-such-run"));
  EXPECT_EQ(doctor({path("work")}).exit_code, 2) << "no run";
  EXPECT_TRUE(fs::is_empty(path("work"))) << "a failed command leaves no files";
}

}  // namespace
}  // namespace tlaunch
