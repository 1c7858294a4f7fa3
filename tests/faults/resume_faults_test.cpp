// What a resume may go on from, and what it needs for that: the run's own checkpoints, and nothing beside them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "base/json.h"
#include "checkpoint/safetensors/safetensors.h"
#include "tests/support/running.h"
#include "tests/support/sessions_data.h"

namespace tlaunch::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class ResumeFaults : public testing::Test {
 protected:
  ResumeFaults() {
    write_sessions(scratch_ / "data");
    write(scratch_ / "lstm.yaml",
          "model: {name: lstm, hidden_size: 16, num_layers: 1, window: 6, top_g: 3}\n"
          "data: {name: sessions, root: data}\n"
          "train: {max_steps: 40, effective_batch_size: 48}\n"
          "eval: {every_n_steps: 15}\n"
          "checkpoint: {every_n_steps: 10}\n"
          "tune: {enabled: false}\n"
          "log: {log_interval: 1}\n");
  }
  ~ResumeFaults() override {
    if (launcher_ > 0) kill(launcher_, SIGKILL);
  }
  fs::path run(const std::string& tag) const { return scratch_ / tag; }
  std::vector<std::string> job(const std::string& tag, std::vector<std::string> more) const {
    std::vector<std::string> arguments{"--nproc", "1", "--run-dir", run(tag), scratch_ / "lstm.yaml"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  Outcome train(const std::string& tag, std::vector<std::string> more = {}) const {
    return run_tlaunch(job(tag, std::move(more)));
  }
  void begin(const std::string& tag, std::vector<std::string> more) {
    auto arguments = job(tag, std::move(more));
    arguments.insert(arguments.begin(), program("tlaunch"));
    launcher_ = start(arguments, scratch_ / "out", scratch_ / "err");
  }
  int end() { return wait_code(std::exchange(launcher_, 0)); }
  std::string said() const { return content(scratch_ / "err"); }
  std::string last(const std::string& tag) const { return content(run(tag) / "checkpoints" / "last.safetensors"); }
  std::string rows(const std::string& tag) const { return content(run(tag) / "metrics.csv"); }
  std::size_t scalars(const std::string& tag) const {  // bytes of all its event files
    std::size_t bytes = 0;
    for (const auto& entry : fs::directory_iterator(run(tag) / "tensorboard")) bytes += entry.file_size();
    return bytes;
  }
  std::string shared() const { return "checkpoint.dirpath=" + (scratch_ / "shared").string(); }

  TempDir scratch_;
  pid_t launcher_ = 0;
};

TEST_F(ResumeFaults, InASharedFolderARunDoesNotGoOnFromAnothersCheckpoint) {
  ASSERT_EQ(train("a", {shared()}).code, 0);
  const auto resumed = train("b", {shared(), "--resume", "auto", "train.learning_rate=0.02"});
  EXPECT_EQ(resumed.code, 0) << resumed.err;
  EXPECT_TRUE(events_of(run("b"), "resume").empty());
  EXPECT_EQ(events_of(run("b"), "step").size(), 40u) << "all of it is trained";

  begin("c", {shared(), "--max-restarts", "1", "seed=7", "train.max_steps=400", "checkpoint.every_n_steps=390"});
  ASSERT_TRUE(wait_for_event(run("c"), "step")) << said();
  for (const pid_t worker : workers_of(run("c"))) kill(worker, SIGKILL);
  EXPECT_EQ(end(), 0) << said();
  EXPECT_TRUE(events_of(run("c"), "resume").empty());

  const auto exported = run_tlaunch({"checkpoints", "export", run("a"), "--output", scratch_ / "a.safetensors"});
  EXPECT_EQ(exported.code, 0) << exported.err;
  EXPECT_THAT(exported.out, testing::Not(HasSubstr("step=400"))) << "a's newest, not the folder's";
}

TEST_F(ResumeFaults, TheCheckpointItselfSaysWhatMayNotChange) {
  ASSERT_EQ(train("first").code, 0);
  const auto file = fs::canonical(run("first") / "checkpoints/last.safetensors");
  fs::create_directory(scratch_ / "elsewhere");
  fs::copy(file, scratch_ / "elsewhere/some.safetensors");
  for (const std::string change : {"train.learning_rate=0.5", "train.optimizer=sgd", "train.schedule=step"}) {
    const auto refused =
        train("next", {"--resume", scratch_ / "elsewhere/some.safetensors", "train.max_steps=60", change});
    EXPECT_EQ(refused.code, 2) << change << refused.err;
    EXPECT_THAT(refused.err, HasSubstr(change.substr(0, change.find('='))));
    fs::remove_all(run("next"));
  }
  const auto resumed = train("next", {"--resume", scratch_ / "elsewhere/some.safetensors", "train.max_steps=60"});
  EXPECT_EQ(resumed.code, 0) << resumed.err;
}

// As a run on a GPU leaves it: another generator, and a plan that is no good here.
void as_if_made_on_a_gpu(const fs::path& checkpoint) {
  const SafetensorsFile file(checkpoint);
  auto tensors = file.tensors();
  const std::vector<std::byte> state(16);
  for (auto& tensor : tensors)
    if (tensor.name == "tlaunch.rng.0") tensor = {tensor.name, "U8", {16}, state};
  auto metadata = file.metadata();
  auto json = Json::parse(metadata.at("tlaunch.state"));
  json["run"]["device"] = "cuda";
  json["run"]["settings"]["gpu.mixed_precision"] = "bf16";
  metadata["tlaunch.state"] = json.dump();
  write_safetensors(checkpoint, tensors, metadata);
}

TEST_F(ResumeFaults, ACheckpointOfAGpuGoesOnOnTheCpuWithANote) {
  ASSERT_EQ(train("run").code, 0);
  as_if_made_on_a_gpu(fs::canonical(run("run") / "checkpoints/last.safetensors"));
  const auto resumed = train("run", {"--resume", "auto", "train.max_steps=60"});
  ASSERT_EQ(resumed.code, 0) << resumed.err;
  EXPECT_THAT(resumed.err, HasSubstr("note: this checkpoint was made on a GPU"));
  EXPECT_EQ(events_of(run("run"), "resume").at(0)["step"], 40);
  EXPECT_THAT(content(run("run") / "config.yaml"), testing::Not(HasSubstr("bf16"))) << "auto is decided for the CPU";
}

TEST_F(ResumeFaults, CheckpointsThatAreGoneStopTheResumeAndNothingIsTouched) {
  const std::vector<std::string> again{shared(), "--resume", "auto", "train.max_steps=60"};
  ASSERT_EQ(train("run", {shared()}).code, 0);
  const std::string before = rows("run");
  fs::rename(scratch_ / "shared", scratch_ / "unmounted");
  const auto refused = train("run", again);
  EXPECT_EQ(refused.code, 74) << refused.err;
  EXPECT_THAT(refused.err, AllOf(HasSubstr((scratch_ / "shared").string()), HasSubstr("is a disk missing")));
  EXPECT_EQ(rows("run"), before);
  fs::rename(scratch_ / "unmounted", scratch_ / "shared");
  EXPECT_EQ(train("run", again).code, 0);
  EXPECT_EQ(events_of(run("run"), "resume").size(), 1u);
}

TEST_F(ResumeFaults, RowsAreDroppedOnlyOnceTheWorkerHasAcceptedTheRun) {
  ASSERT_EQ(train("run").code, 0);
  const std::string before = rows("run");
  for (const auto& info : fs::directory_iterator(run("run") / "checkpoints")) fs::remove(info.path());
  fs::remove(run("run") / "checkpoints.txt");  // so that it starts from nothing ...
  const auto refused = train("run", {"--resume", "auto", "checkpoint.min_free_gb=1000000"});  // ... and is refused
  EXPECT_EQ(refused.code, 2) << refused.err;
  EXPECT_EQ(rows("run"), before);
}

TEST_F(ResumeFaults, NoFileBesideTheCheckpointIsNeeded) {
  // A rate that does not hang on the length of the run.
  const std::vector<std::string> even{"train.schedule=constant", "train.warmup_steps=0"};
  const auto with_even = [&](std::vector<std::string> more) {
    more.insert(more.end(), even.begin(), even.end());
    return more;
  };
  ASSERT_EQ(train("whole", even).code, 0);
  ASSERT_EQ(train("half", with_even({"train.max_steps=20"})).code, 0);
  for (const std::string file : {"plan.json", "config.yaml", "metrics.csv", "events.jsonl", "summary.json"})
    for (const bool gone : {false, true}) {
      const std::string tag = file + (gone ? ".gone" : ".damaged");
      fs::copy(run("half"), run(tag), fs::copy_options::recursive | fs::copy_options::copy_symlinks);
      std::string bytes = content(run(tag) / file);
      ASSERT_GT(bytes.size(), 10u) << file;
      bytes[bytes.size() / 2] ^= static_cast<char>(0x80);  // no longer UTF-8
      bytes[0] ^= 4;
      write(run(tag) / file, bytes);
      if (gone) fs::remove(run(tag) / file);
      const auto resumed = train(tag, with_even({"--resume", "auto"}));
      EXPECT_EQ(resumed.code, 0) << tag << resumed.err;
      EXPECT_EQ(Json::parse(content(run(tag) / "summary.json"))["steps"], 40);
      EXPECT_TRUE(last(tag) == last("whole")) << tag;
    }
}

TEST_F(ResumeFaults, APlanWithAValueThatNoConfigTakesIsSetAside) {
  ASSERT_EQ(train("run", {"train.max_steps=20"}).code, 0);
  for (const Json& value : {Json(-4), Json("many"), Json(nullptr)}) {
    Json plan = Json::parse(content(run("run") / "plan.json"));
    plan["plan"]["data.prefetch_factor"]["value"] = value;
    write(run("run") / "plan.json", plan.dump());
    const auto resumed = train("run", {"--resume", "auto", "train.max_steps=20"});
    EXPECT_EQ(resumed.code, 0) << value << resumed.err;
    EXPECT_NE(resumed.err.find("the settings of the checkpoint are used"), std::string::npos) << value << resumed.err;
  }
}

TEST_F(ResumeFaults, AFinishedRunResumedWritesNothingAgain) {
  ASSERT_EQ(train("run").code, 0);
  const std::string before = rows("run"), file = last("run");
  const auto size = scalars("run");
  const auto metrics = Json::parse(content(run("run") / "summary.json"))["metrics"];
  for (int n = 0; n < 2; ++n) {
    const auto again = train("run", {"--resume", "auto"});
    EXPECT_EQ(again.code, 0) << again.err;
    EXPECT_EQ(rows("run"), before);
    EXPECT_EQ(scalars("run"), size);
    EXPECT_TRUE(last("run") == file);
    const auto now = Json::parse(content(run("run") / "summary.json"));
    EXPECT_EQ(now["status"], "completed");
    for (const char* name : {"val_loss", "f1"}) EXPECT_EQ(now["metrics"][name], metrics[name]) << name;
  }
}

TEST_F(ResumeFaults, ARunThatStoppedEarlyIsFinished) {
  const std::vector<std::string> early{"train.max_steps=100000",
                                       "train.learning_rate=0.5",
                                       "train.schedule=constant",
                                       "train.early_stopping_patience=2",
                                       "--resume",
                                       "auto"};
  ASSERT_EQ(train("run", early).code, 0);
  const auto steps = Json::parse(content(run("run") / "summary.json"))["steps"];
  ASSERT_LT(steps, 100000);
  for (int n = 0; n < 2; ++n) {
    const auto again = train("run", early);
    EXPECT_EQ(again.code, 0) << again.err;
    EXPECT_THAT(again.err, HasSubstr("stopped early"));
    EXPECT_EQ(Json::parse(content(run("run") / "summary.json"))["steps"], steps);
  }
}

TEST_F(ResumeFaults, AFilenameThatYieldsTheLinksNameLosesNothing) {
  ASSERT_EQ(train("run", {"checkpoint.filename=last"}).code, 0);
  EXPECT_TRUE(fs::exists(run("run") / "checkpoints/last.safetensors"));
  const auto resumed = train("run", {"--resume", "auto", "checkpoint.filename=last", "train.max_steps=60"});
  EXPECT_EQ(resumed.code, 0) << resumed.err;
  EXPECT_EQ(events_of(run("run"), "resume").size(), 1u);
}

TEST_F(ResumeFaults, ARunFolderThatIsMovedAwayInMidRunIsTold) {
  begin("run", {"train.max_steps=100000", "checkpoint.every_n_steps=50"});
  ASSERT_TRUE(wait_for_event(run("run"), "checkpoint")) << said();
  fs::rename(run("run"), run("moved"));
  using Clock = std::chrono::steady_clock;
  const auto late = Clock::now() + std::chrono::seconds(60);
  while (Clock::now() < late && said().find("was moved to") == std::string::npos)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  kill(launcher_, SIGTERM);
  end();
  EXPECT_THAT(said(), HasSubstr(run("run").string() + " was moved to " + run("moved").string()));
  EXPECT_FALSE(last("run").empty()) << "what was trained since is saved";
}

}  // namespace
}  // namespace tlaunch::test
