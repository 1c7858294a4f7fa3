// `tlaunch checkpoints` as a user drives it, on run folders made by hand.
#include <gmock/gmock.h>

#include "checkpoint/safetensors.h"
#include "checkpoint/torch_file.h"
#include "checkpoint/written_files.h"
#include "core/json.h"
#include "launcher/checkpoints/checkpoints_command.h"
#include "launcher/run/run_folder.h"
#include "tests/support/run_tlaunch.h"

namespace tlaunch::test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class Checkpoints : public testing::Test {
 protected:
  Checkpoints() { write(run_ / "config.yaml", "name: x\n"); }

  // A checkpoint that the run has written, unless told otherwise.
  fs::path save(const std::string& name, int step, const std::string& metrics, bool written = true) const {
    const fs::path path = run_ / "checkpoints" / (name + ".safetensors");
    fs::create_directories(path.parent_path());
    const std::vector<float> weight(64, static_cast<float>(step)), moment(64, 0.5f);
    const auto bytes = [](const auto& values) { return std::as_bytes(std::span(values)); };
    write_safetensors(
        path, {{"w", "F32", {8, 8}, bytes(weight)}, {"tlaunch.optimizer.exp_avg.w", "F32", {64}, bytes(moment)}},
        {{"tlaunch.step", std::to_string(step)},
         {"tlaunch.epoch", std::to_string(step / 10)},
         {"tlaunch.metrics", metrics}});
    if (written) WrittenFiles(run_, path.parent_path()).finish(path);
    return path;
  }
  static void damage(const fs::path& path, std::size_t from_end) {
    std::string bytes = content(path);
    bytes[bytes.size() - from_end] ^= 1;
    write(path, bytes);
  }
  // Best is step 20, last 40.
  void save_four() const {
    save("a", 10, R"({"val_loss":0.4})");
    save("b", 20, R"({"val_loss":0.2})");
    save("c", 30, R"({"val_loss":"NaN"})");
    save("d", 40, R"({"val_loss":0.3})");
  }
  std::vector<std::string> files() const {
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(run_ / "checkpoints")) found.push_back(entry.path().stem());
    std::sort(found.begin(), found.end());
    return found;
  }
  static Outcome checkpoints(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "checkpoints");
    return run_tlaunch(arguments);
  }

  TempDir scratch_;
  fs::path run_ = fs::canonical(scratch_.path()) / "run";
};

TEST_F(Checkpoints, ListSaysWhatIsThereNewestFirstAndWhyItIsKept) {
  save_four();
  write(run_ / "checkpoints" / "e.safetensors", content(run_ / "checkpoints" / "a.safetensors").substr(0, 300));
  const auto outcome = checkpoints({"list", run_, "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Json all = Json::parse(outcome.out);
  ASSERT_EQ(all.size(), 5u);
  EXPECT_EQ(all[0]["path"], (run_ / "checkpoints" / "d.safetensors").string());
  EXPECT_EQ(all[0]["step"], 40);
  EXPECT_EQ(all[0]["epoch"], 4);
  EXPECT_EQ(all[0]["metrics"], Json({{"val_loss", 0.3}}));
  EXPECT_EQ(all[0]["bytes"], fs::file_size(run_ / "checkpoints" / "d.safetensors"));
  EXPECT_EQ(all[0]["valid"], true);
  EXPECT_EQ(all[0]["kept_because"], "last");
  EXPECT_EQ(all[1]["metrics"], Json({{"val_loss", "NaN"}}));
  EXPECT_EQ(all[1]["kept_because"], "");
  EXPECT_EQ(all[2]["kept_because"], "best 1 of val_loss");
  EXPECT_EQ(all[4]["valid"], false);
  EXPECT_THAT(all[4]["reason"], HasSubstr("e.safetensors"));

  const auto table = checkpoints({"list", run_ / "checkpoints"});
  EXPECT_THAT(table.out, AllOf(HasSubstr("best 1 of val_loss"), HasSubstr("5 checkpoints"), Not(HasSubstr("\x1b"))));
}

TEST_F(Checkpoints, ListTakesTheFolderThatTheConfigNames) {
  const fs::path elsewhere = save("a", 10, "{}").parent_path();
  fs::rename(elsewhere, scratch_ / "elsewhere");
  write(run_ / "config.yaml", "checkpoint: {dirpath: " + (scratch_ / "elsewhere").string() + "}\n");
  EXPECT_EQ(Json::parse(checkpoints({"list", run_, "--json"}).out).size(), 1u);
  EXPECT_EQ(Json::parse(checkpoints({"--json", "list", scratch_ / "elsewhere"}).out).size(), 1u);
}

TEST_F(Checkpoints, AnEmptyFolderIsNoErrorAndAnAbsentOneIs) {
  const auto empty = checkpoints({"list", run_});
  EXPECT_EQ(empty.code, 0);
  EXPECT_THAT(empty.out, HasSubstr("no checkpoints in"));
  EXPECT_EQ(checkpoints({"list", run_, "--json"}).out, "[]\n");
  EXPECT_EQ(checkpoints({"verify", run_}).code, 0);
  const auto absent = checkpoints({"list", scratch_ / "absent"});
  EXPECT_EQ(absent.code, 2);
  EXPECT_THAT(absent.err, HasSubstr("absent: there is no such folder"));
  EXPECT_THAT(checkpoints({"list", run_ / "config.yaml"}).err, HasSubstr("is a file"));
}

TEST_F(Checkpoints, TheTableIsAlignedAndColouredOnTerminalsOnly) {
  const std::vector<CheckpointInfo> infos{{"/r/a.safetensors", 100, 2, {{"val_loss", 0.25}}, 1'500'000, true, ""},
                                          {"/r/long_name.safetensors", 0, 0, {}, 12, false, "cut short"}};
  const std::string table = checkpoint_table(infos, {"last", "not valid"}, {90, 7200}, "val_loss", false);
  EXPECT_EQ(table,
            "step  epoch  val_loss    size         age  valid  kept because  file\n"
            " 100      2      0.25  1.5 MB  1 min 30 s  yes    last          a.safetensors\n"
            "   -      -         -    12 B   2 h 0 min  no     not valid     long_name.safetensors\n");
  EXPECT_THAT(checkpoint_table(infos, {"last", "not valid"}, {90, 7200}, "val_loss", true), HasSubstr("\x1b[31m   -"));
}

TEST_F(Checkpoints, VerifyFindsADamagedBitAndNamesTheFile) {
  save_four();
  EXPECT_EQ(checkpoints({"verify", run_}).code, 0);
  damage(run_ / "checkpoints" / "c.safetensors", 1);
  const auto outcome = checkpoints({"verify", run_});
  EXPECT_EQ(outcome.code, 65);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("b.safetensors: ok"), HasSubstr("tensor 'w' is damaged")));
  EXPECT_EQ(checkpoints({"verify", run_ / "checkpoints" / "c.safetensors"}).code, 65);
  EXPECT_EQ(checkpoints({"verify", run_ / "checkpoints" / "b.safetensors"}).code, 0);
  const Json all = Json::parse(checkpoints({"verify", run_, "--json"}).out);
  EXPECT_EQ(all[0]["ok"], true);
  EXPECT_EQ(all[1]["ok"], false);
  EXPECT_THAT(all[1]["problem"], HasSubstr("damaged"));
}

TEST_F(Checkpoints, PruneDeletesWhatThePolicyDoesNotKeep) {
  save_four();
  save("foreign", 5, "{}", false);
  const auto bytes = 2 * fs::file_size(run_ / "checkpoints" / "a.safetensors");
  const auto dry = checkpoints({"prune", run_, "--dry-run"});
  EXPECT_EQ(dry.code, 0) << dry.err;
  EXPECT_THAT(dry.out, AllOf(HasSubstr("would delete a.safetensors"), HasSubstr("2 would be deleted")));
  EXPECT_THAT(files(), ElementsAre("a", "b", "c", "d", "foreign"));

  const auto outcome = checkpoints({"prune", run_, "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(files(), ElementsAre("b", "d", "foreign"));
  const Json done = Json::parse(outcome.out);
  EXPECT_EQ(done["deleted"].size(), 2u);
  EXPECT_NEAR(done["bytes_freed"].get<double>(), static_cast<double>(bytes), 16);
  EXPECT_EQ(done["kept"].size(), 3u);
  EXPECT_THAT(checkpoints({"prune", run_}).out, HasSubstr("0 deleted"));
}

TEST_F(Checkpoints, PruneLeavesNoLinkToADeletedFile) {
  save_four();
  const fs::path link = run_ / "checkpoints" / "last.safetensors";
  fs::create_symlink("d.safetensors", link);
  EXPECT_EQ(checkpoints({"prune", run_, "checkpoint.save_last=false", "--dry-run"}).code, 0);
  EXPECT_EQ(checkpoints({"prune", run_}).code, 0);
  EXPECT_TRUE(fs::exists(link)) << "it leads to what was kept";
  EXPECT_EQ(checkpoints({"prune", run_, "checkpoint.save_last=false"}).code, 0);
  EXPECT_THAT(files(), ElementsAre("b"));
}

TEST_F(Checkpoints, PruneKeepsTheCheckpointTheRunWasResumedFrom) {
  save_four();
  fs::create_directory_symlink(run_, scratch_ / "latest");  // as a user may have named it then
  write(run_ / "events.jsonl", R"({"event":"plan","resumed_from":")" +
                                   (scratch_ / "latest" / "checkpoints" / "a.safetensors").string() +
                                   "\"}\n{\"event\":\"plan\",\"resu");
  EXPECT_EQ(checkpoints({"prune", run_}).code, 0);
  EXPECT_THAT(files(), ElementsAre("a", "b", "d"));
}

TEST_F(Checkpoints, PruneDeletesNothingForTheSakeOfADamagedFile) {
  save_four();
  for (const char* name : {"b", "d"}) damage(run_ / "checkpoints" / (std::string(name) + ".safetensors"), 1);
  const auto outcome = checkpoints({"prune", run_});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.err, HasSubstr("is damaged"));
  EXPECT_THAT(files(), ElementsAre("a", "b", "c", "d"));  // a: best of the intact ones, c: last of them
}

TEST_F(Checkpoints, PruneLeavesARunAtWorkAlone) {
  save_four();
  const RunFolder lock(run_, 0);
  const auto outcome = checkpoints({"prune", run_});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("in use by another tlaunch"));
  EXPECT_THAT(files(), ElementsAre("a", "b", "c", "d"));
  EXPECT_EQ(checkpoints({"prune", run_, "--dry-run"}).code, 0);
}

TEST_F(Checkpoints, PruneRefusesWhatWouldDeleteByMistake) {
  save("a", 10, R"({"val_accuracy":0.4})");
  save("b", 20, R"({"val_accuracy":0.2})");
  const auto wrong_metric = checkpoints({"prune", run_});
  EXPECT_EQ(wrong_metric.code, 2);
  EXPECT_THAT(wrong_metric.err,
              HasSubstr("no checkpoint has the metric val_loss (checkpoint.monitor); known: val_accuracy"));
  EXPECT_EQ(checkpoints({"prune", run_, "train.epochs=3"}).code, 2);
  EXPECT_EQ(checkpoints({"prune", run_, "checkpoint.save_topk=3"}).code, 2);
  fs::remove(run_ / "config.yaml");
  const auto no_run = checkpoints({"prune", run_ / "checkpoints"});
  EXPECT_EQ(no_run.code, 2);
  EXPECT_THAT(no_run.err, HasSubstr("belongs to no run"));
  EXPECT_THAT(files(), ElementsAre("a", "b"));
}

TEST_F(Checkpoints, ExportWritesTheModelAloneAndImportReadsItBack) {
  save_four();
  damage(run_ / "checkpoints" / "d.safetensors", 1);
  const auto torch = checkpoints({"export", run_, "--format", "torch", "--output", scratch_ / "w.pt"});
  ASSERT_EQ(torch.code, 0) << torch.err;
  EXPECT_THAT(torch.err, HasSubstr("skipped checkpoint d.safetensors"));
  EXPECT_THAT(torch.out, AllOf(HasSubstr("w.pt: 1 tensors"), HasSubstr("c.safetensors")));
  const TorchFile exported(scratch_ / "w.pt");
  ASSERT_EQ(exported.tensors().size(), 1u);
  EXPECT_EQ(exported.tensors()[0].name, "w");

  const std::string checkpoint = run_ / "checkpoints" / "c.safetensors";
  ASSERT_EQ(checkpoints({"export", checkpoint, "--output", scratch_ / "w.safetensors"}).code, 0);
  ASSERT_EQ(checkpoints({"import", scratch_ / "w.pt", "--output", scratch_ / "again.safetensors"}).code, 0);
  EXPECT_EQ(content(scratch_ / "w.safetensors"), content(scratch_ / "again.safetensors"));
  const auto imported = checkpoints({"import", checkpoint, "--output", scratch_ / "again.safetensors"});
  EXPECT_THAT(imported.err, HasSubstr("left out: 1 tensors whose names begin with tlaunch."));
  EXPECT_EQ(content(scratch_ / "w.safetensors"), content(scratch_ / "again.safetensors"));
}

TEST_F(Checkpoints, ExportAndImportNeverHarmWhatIsThere) {
  const std::string checkpoint = save("a", 10, "{}");
  const std::string before = content(checkpoint);
  EXPECT_EQ(checkpoints({"export", checkpoint, "--output", checkpoint}).code, 2);
  EXPECT_EQ(content(checkpoint), before);
  EXPECT_EQ(checkpoints({"export", run_, "--output", run_}).code, 2);

  write(scratch_ / "out.safetensors", "old");
  write(scratch_ / "bad.pt", "PK\x03\x04 and so on");
  const auto bad = checkpoints({"import", scratch_ / "bad.pt", "--output", scratch_ / "out.safetensors"});
  EXPECT_EQ(bad.code, 65);
  EXPECT_THAT(bad.err, HasSubstr("bad.pt"));
  EXPECT_EQ(checkpoints({"import", scratch_ / "absent.pt", "--output", scratch_ / "out.safetensors"}).code, 2);
  EXPECT_EQ(content(scratch_ / "out.safetensors"), "old");
}

// A limit on the size of files stands for a full disk: both end a write part of the way.
TEST_F(Checkpoints, AnExportThatDoesNotFitIsErrorAndLeavesNothing) {
  const std::string checkpoint = save("a", 10, "{}");
  for (const std::string format : {"torch", "safetensors"}) {
    write(scratch_ / "out", "old");
    const std::string command =
        "trap '' XFSZ; ulimit -f 0; exec \"$0\" checkpoints export \"$1\" --format " + format + " --output \"$2\"";
    const pid_t pid = start({"/bin/sh", "-c", command, program("tlaunch"), checkpoint, scratch_ / "out"}, "/dev/null",
                            scratch_ / "err");
    EXPECT_EQ(wait_code(pid), 74);
    EXPECT_EQ(content(scratch_ / "out"), "old");
    std::size_t entries = 0;
    for ([[maybe_unused]] const auto& entry : fs::directory_iterator(scratch_.path())) ++entries;
    EXPECT_EQ(entries, 3u);  // run, out, err
  }
}

}  // namespace
}  // namespace tlaunch::test
