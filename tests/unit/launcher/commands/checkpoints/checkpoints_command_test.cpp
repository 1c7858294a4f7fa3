// `tlaunch checkpoints` as a user runs it, on run folders made by hand.
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "checkpoint/folder/written_files.h"
#include "checkpoint/safetensors/safetensors.h"
#include "checkpoint/torch_file/stored_zip.h"
#include "checkpoint/torch_file/torch_file.h"
#include "launcher/commands/checkpoints/checkpoints_command.h"
#include "launcher/run/run_folder.h"
#include "tests/support/run_tlaunch.h"
#include "tests/unit/checkpoint/pickles.h"

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
  // The best checkpoint is step 20, the last is step 40.
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

TEST_F(Checkpoints, AFolderOfSeveralRunsIsToldWithTheRunsInIt) {
  const fs::path runs = fs::canonical(scratch_.path()) / "runs";
  for (const char* name : {"x/20260101-000000-aaaa", "x/20260102-000000-aaaa", "y/20260103-000000-aaaa"})
    write(runs / name / "config.yaml", "name: x\n");
  fs::create_directory_symlink("20260102-000000-aaaa", runs / "x" / "latest");
  for (const std::string verb : {"list", "verify", "prune", "export"}) {
    const auto refused = checkpoints({verb, runs / "x"});
    EXPECT_EQ(refused.code, 2) << verb;
    EXPECT_THAT(refused.err, HasSubstr("runs/x: is not a run's folder; it holds 2 runs; name one:\n  " +
                                       (runs / "x/20260102-000000-aaaa").string() + "\n  " +
                                       (runs / "x/20260101-000000-aaaa").string() + "\n"))
        << verb;
  }
  EXPECT_THAT(checkpoints({"list", runs}).err, AllOf(HasSubstr("it holds 3 runs"), HasSubstr("y/20260103")));
  EXPECT_EQ(checkpoints({"list", runs / "x" / "latest"}).code, 0);
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
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("b.safetensors: ok"), HasSubstr("tensor 'w' is damaged"),
                                 HasSubstr("1 of 4 files cannot be used")));
  EXPECT_EQ(checkpoints({"verify", run_ / "checkpoints" / "c.safetensors"}).code, 65);
  EXPECT_EQ(checkpoints({"verify", run_ / "checkpoints" / "b.safetensors"}).code, 0);
  const Json all = Json::parse(checkpoints({"verify", run_, "--json"}).out);
  EXPECT_EQ(all[0]["ok"], true);
  EXPECT_EQ(all[1]["ok"], false);
  EXPECT_EQ(all[0]["checksums"], true);
  EXPECT_THAT(all[1]["problem"], HasSubstr("damaged"));
}

TEST_F(Checkpoints, VerifySaysWhereThereAreNoChecksums) {
  const std::string header = R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
  write(scratch_ / "python.safetensors", little(header.size(), 8) + header + "1234");
  const auto outcome = checkpoints({"verify", scratch_ / "python.safetensors"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("python.safetensors: readable, 66 B; it has no checksums to compare"));
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
  EXPECT_TRUE(fs::exists(link)) << "the link leads to a kept file";
  EXPECT_EQ(checkpoints({"prune", run_, "checkpoint.save_last=false"}).code, 0);
  EXPECT_THAT(files(), ElementsAre("b"));
}

TEST_F(Checkpoints, PruneKeepsTheCheckpointTheRunWasResumedFrom) {
  save_four();
  fs::create_directory_symlink(run_, scratch_ / "latest");  // the user may have named the run by this link
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
  EXPECT_THAT(files(), ElementsAre("a", "b", "c", "d"));  // a: the best valid one, c: the last valid one
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
  EXPECT_THAT(no_run.err, HasSubstr("does not belong to a run"));
  EXPECT_THAT(files(), ElementsAre("a", "b"));
}

TEST_F(Checkpoints, ExportWritesTheModelAloneAndImportReadsItBack) {
  save_four();
  damage(run_ / "checkpoints" / "d.safetensors", 1);
  const auto torch = checkpoints({"export", run_, "--format", "torch", "--output", scratch_ / "w.pt"});
  ASSERT_EQ(torch.code, 0) << torch.err;
  EXPECT_THAT(torch.err, HasSubstr("skipped checkpoint d.safetensors"));
  EXPECT_THAT(torch.out, AllOf(HasSubstr("w.pt: 1 tensor,"), HasSubstr("c.safetensors")));
  const TorchFile exported(scratch_ / "w.pt");
  ASSERT_EQ(exported.tensors().size(), 1u);
  EXPECT_EQ(exported.tensors()[0].name, "w");

  const std::string checkpoint = run_ / "checkpoints" / "c.safetensors";
  ASSERT_EQ(checkpoints({"export", checkpoint, "--output", scratch_ / "w.safetensors"}).code, 0);
  ASSERT_EQ(checkpoints({"import", scratch_ / "w.pt", "--output", scratch_ / "again.safetensors"}).code, 0);
  EXPECT_EQ(content(scratch_ / "w.safetensors"), content(scratch_ / "again.safetensors"));
  const auto imported = checkpoints({"import", checkpoint, "--output", scratch_ / "again.safetensors"});
  EXPECT_THAT(imported.err, HasSubstr("left out: 1 tensor of tlaunch's own, whose names begin with tlaunch."));
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
  EXPECT_THAT(checkpoints({"import", scratch_ / "w.pt", "--output", scratch_ / "out.pt"}).err,
              HasSubstr("import writes a safetensors file"));
  EXPECT_EQ(content(scratch_ / "out.safetensors"), "old");
}

// A file as torch.save writes it. All its tensors share one storage of six numbers.
void write_torch_save(const fs::path& path, const std::string& value) {
  const std::string data_pkl = pickle(value), six(24, 'x');
  const auto bytes = [](const std::string& text) { return std::as_bytes(std::span(text)); };
  std::string archive;
  write_zip(
      [&](std::span<const std::byte> piece) {
        archive.append(reinterpret_cast<const char*>(piece.data()), piece.size());
      },
      {{"a/data.pkl", bytes(data_pkl)}, {"a/data/0", bytes(six)}});
  write(path, archive);
}

std::vector<std::string> tensor_names(const fs::path& path) {
  std::vector<std::string> names;
  const SafetensorsFile file(path);
  for (const TensorView& tensor : file.tensors()) names.push_back(tensor.name);
  return names;
}

TEST_F(Checkpoints, ImportTakesTheWeightsAndNamesWhatItLeavesOut) {
  const std::string number = tensor(storage(6), 0, "", "");
  const std::string matrix = tensor(storage(6), 0, integer(2) + integer(3), integer(3) + integer(1));
  const fs::path saved = scratch_ / "checkpoint.pth.tar", output = scratch_ / "out.safetensors";
  write_torch_save(saved, "}(" + unicode("best_acc1") + number + unicode("epoch") + integer(3) + unicode("state_dict") +
                              dict("fc.weight", matrix) + "u");
  const auto imported = checkpoints({"import", saved, "--output", output});
  EXPECT_EQ(imported.code, 0) << imported.err;
  EXPECT_THAT(tensor_names(output), ElementsAre("fc.weight"));
  EXPECT_EQ(imported.err,
            "weights: those under 'state_dict'\nleft out: 'best_acc1' (a tensor), 'epoch' (an integer)\n");
}

TEST_F(Checkpoints, ImportOfWeightsThatCannotAllBeWrittenIsRefused) {
  const std::string matrix = tensor(storage(6), 0, integer(2) + integer(3), integer(3) + integer(1));
  const fs::path saved = scratch_ / "pruned.pt", output = scratch_ / "out.safetensors";
  write_torch_save(saved, "}(" + unicode("fc.weight") + matrix + unicode("fc.mask") +
                              global("torch._utils", "_rebuild_sparse_tensor") + tuple("NN") + "R" + "u");
  const auto refused = checkpoints({"import", saved, "--output", output});
  EXPECT_EQ(refused.code, 65);
  EXPECT_THAT(refused.err, HasSubstr("the weights have 'fc.mask' (a sparse tensor)"));
  EXPECT_FALSE(fs::exists(output));
}

TEST_F(Checkpoints, ImportTakesAWrappersNamesOffAndSaysSo) {
  const std::string matrix = tensor(storage(6), 0, integer(2) + integer(3), integer(3) + integer(1));
  const fs::path saved = scratch_ / "ddp.pt", output = scratch_ / "out.safetensors";
  write_torch_save(saved, dict("model", "}(" + unicode("module._orig_mod.fc.weight") + matrix +
                                            unicode("module._orig_mod.fc.bias") + matrix + "u"));
  const auto imported = checkpoints({"import", saved, "--output", output});
  EXPECT_EQ(imported.code, 0) << imported.err;
  EXPECT_THAT(imported.err,
              HasSubstr("names: '_orig_mod.', 'module.' taken off, which a wrapper of the model had added\n"));
  EXPECT_THAT(tensor_names(output), ElementsAre("fc.bias", "fc.weight"));
  write_torch_save(saved, "}(" + unicode("module.fc.weight") + matrix + unicode("n_averaged") +
                              tensor(storage(3, "LongStorage"), 0, "", "") + "u");
  const auto average = checkpoints({"import", saved, "--output", output});
  EXPECT_THAT(average.err, AllOf(HasSubstr("left out: 'n_averaged'"), HasSubstr("'module.' taken off")));
  EXPECT_THAT(tensor_names(output), ElementsAre("fc.weight"));
  // Also from a safetensors file.
  const std::vector<float> values(6);
  write_safetensors(scratch_ / "wrapped.safetensors", {{"module.w", "F32", {6}, std::as_bytes(std::span(values))}}, {});
  ASSERT_EQ(checkpoints({"import", scratch_ / "wrapped.safetensors", "--output", output}).code, 0);
  EXPECT_THAT(tensor_names(output), ElementsAre("w"));
}

// A file whose name has the right extension but whose content has another format: the message says what it is and what
// to do; exit code 65.
TEST_F(Checkpoints, AFileInAnotherFormIsToldApart) {
  const std::string matrix = tensor(storage(6), 0, integer(2) + integer(3), integer(3) + integer(1));
  const fs::path saved = scratch_ / "torch.safetensors", page = scratch_ / "page.pt";
  write_torch_save(saved, dict("fc.weight", matrix));
  write(page, "<!DOCTYPE html><html><body>Sign in</body></html>");
  const auto verified = checkpoints({"verify", saved});
  EXPECT_EQ(verified.code, 65);
  EXPECT_THAT(verified.out, HasSubstr("tlaunch checkpoints import "));
  const auto exported = checkpoints({"export", saved, "--output", scratch_ / "out.safetensors"});
  EXPECT_EQ(exported.code, 65);
  EXPECT_THAT(exported.err, HasSubstr("tlaunch checkpoints import "));
  const auto imported = checkpoints({"import", page, "--output", scratch_ / "out.safetensors"});
  EXPECT_EQ(imported.code, 65);
  EXPECT_THAT(imported.err, HasSubstr("page.pt: is a web page"));
  EXPECT_EQ(checkpoints({"import", saved, "--output", scratch_ / "out.safetensors"}).code, 0);
}

TEST_F(Checkpoints, ImportLetsTheUserChooseAmongSeveralWeights) {
  const std::string matrix = tensor(storage(6), 0, integer(2) + integer(3), integer(3) + integer(1));
  const fs::path saved = scratch_ / "gan.pt", output = scratch_ / "out.safetensors";
  write_torch_save(
      saved, "}(" + unicode("netG") + dict("g.weight", matrix) + unicode("netD") + dict("d.weight", matrix) + "u");
  const auto refused = checkpoints({"import", saved, "--output", output});
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("'netD', 'netG'"), HasSubstr("--key")));
  EXPECT_FALSE(fs::exists(output));
  EXPECT_EQ(checkpoints({"import", saved, "--key", "netG", "--output", output}).code, 0);
  EXPECT_THAT(tensor_names(output), ElementsAre("g.weight"));
  const auto absent = checkpoints({"import", saved, "--key", "netX", "--output", output});
  EXPECT_EQ(absent.code, 2);
  EXPECT_THAT(absent.err, HasSubstr("--key netX leads to no dict of tensors"));
  EXPECT_EQ(checkpoints({"import", output, "--key", "netG", "--output", scratch_ / "b.safetensors"}).code, 2);
}

TEST_F(Checkpoints, AFileWithoutTensorsOfAModelIsNotExported) {
  const std::vector<float> moment(4);
  write_safetensors(scratch_ / "optimizer.safetensors",
                    {{"tlaunch.optimizer.m", "F32", {4}, std::as_bytes(std::span(moment))}}, {});
  const auto refused =
      checkpoints({"export", scratch_ / "optimizer.safetensors", "--output", scratch_ / "w.safetensors"});
  EXPECT_EQ(refused.code, 65);
  EXPECT_FALSE(fs::exists(scratch_ / "w.safetensors"));
}

TEST_F(Checkpoints, AnOutputThatIsNoFileIsNotReplacedByOne) {
  const std::string checkpoint = save("a", 10, "{}");
  const fs::path fifo = scratch_ / "fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_EQ(checkpoints({"export", checkpoint, "--output", fifo}).code, 2);
  EXPECT_EQ(checkpoints({"import", checkpoint, "--output", fifo}).code, 2);
  EXPECT_TRUE(fs::is_fifo(fifo));
}

// Uses a process id that cannot exist: the kernel's ids end at 2^22.
TEST_F(Checkpoints, WhatAKilledExportLeftGoesWithTheNextOfItsName) {
  const std::string checkpoint = save("a", 10, "{}");
  write(scratch_ / ".w.pt.9999999-0-0badcafe.tmp", "half");
  write(scratch_ / ".other.pt.9999999-0-0badcafe.tmp", "half");
  EXPECT_EQ(checkpoints({"export", checkpoint, "--format", "torch", "--output", scratch_ / "w.pt"}).code, 0);
  EXPECT_FALSE(fs::exists(scratch_ / ".w.pt.9999999-0-0badcafe.tmp"));
  EXPECT_TRUE(fs::exists(scratch_ / ".other.pt.9999999-0-0badcafe.tmp"));
}

TEST_F(Checkpoints, PathsMayHoldAnyBytes) {
  run_ = fs::canonical(scratch_.path()) / "caf\xe9";
  write(run_ / "config.yaml", "name: x\n");
  save_four();
  write(run_ / "events.jsonl",
        text_of({{"event", "plan"}, {"resumed_from", (run_ / "checkpoints" / "a.safetensors").string()}}) + "\n");
  const auto list = checkpoints({"list", run_, "--json"});
  EXPECT_EQ(list.code, 0) << list.err;
  EXPECT_THAT(Json::parse(list.out)[0]["path"], HasSubstr("caf\ufffd/checkpoints/d.safetensors"));
  const auto verify = checkpoints({"verify", run_, "--json"});
  EXPECT_EQ(verify.code, 0) << verify.err;
  EXPECT_EQ(Json::parse(verify.out).size(), 4u);
  const auto prune = checkpoints({"prune", run_, "--json"});
  EXPECT_EQ(prune.code, 0) << prune.err;
  EXPECT_EQ(Json::parse(prune.out)["deleted"].size(), 1u);
  EXPECT_THAT(files(), ElementsAre("a", "b", "d")) << "a: the run was resumed from it";
  EXPECT_EQ(checkpoints({"export", run_, "--output", run_ / "w\xe9.safetensors"}).code, 0);
  EXPECT_EQ(checkpoints({"import", run_ / "w\xe9.safetensors", "--output", run_ / "v\xe9.safetensors"}).code, 0);
}

// Runs tlaunch after a shell line that changes its surroundings.
Outcome checkpoints_after(const std::string& line, const TempDir& scratch, std::vector<std::string> words,
                          std::vector<std::string> starter = {}) {
  std::vector<std::string> argv{std::move(starter)};
  argv.insert(argv.end(), {"/bin/sh", "-c", line + "exec \"$0\" checkpoints \"$@\"", program("tlaunch")});
  argv.insert(argv.end(), words.begin(), words.end());
  Outcome outcome;
  outcome.code = wait_code(start(argv, scratch / "out", scratch / "err"));
  outcome.out = content(scratch / "out");
  outcome.err = content(scratch / "err");
  return outcome;
}

TEST_F(Checkpoints, AWorkingDirectoryThatWasRemovedIsToldAndHarmsNoAbsolutePath) {
  save("a", 10, "{}");
  const std::string line = "mkdir '" + (scratch_ / "gone").string() + "' && cd '" + (scratch_ / "gone").string() +
                           "' && rmdir '" + (scratch_ / "gone").string() + "' && ";
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"list", "run"},
                                             {"verify", "run"},
                                             {"prune", "run"},
                                             {"export", "run"},
                                             {"import", "a.pt", "--output", "b.safetensors"}}) {
    const auto outcome = checkpoints_after(line, scratch_, words);
    EXPECT_EQ(outcome.code, 2) << words[0] << ": " << outcome.err;
    EXPECT_THAT(outcome.err, Not(HasSubstr("internal error")));
  }
  for (const std::string verb : {"list", "verify", "prune"})
    EXPECT_EQ(checkpoints_after(line, scratch_, {verb, run_}).code, 0) << verb;
}

TEST_F(Checkpoints, WhatMayNotBeLookedAtIsNamedAndNothingIsDeleted) {
  const std::vector<std::string> nobody{"/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"};
  fs::permissions(scratch_.path(), fs::perms(0755));
  if (::geteuid() != 0 || !fs::exists(nobody[0]) || checkpoints_after("", scratch_, {"--help"}, nobody).code != 0)
    GTEST_SKIP() << "another user cannot be tried here";
  save_four();
  write(run_ / "events.jsonl", "{\"event\":\"plan\"}\n");
  for (const auto& entry : fs::recursive_directory_iterator(run_)) fs::permissions(entry, fs::perms(0777));
  fs::permissions(run_, fs::perms(0777));
  const auto as_nobody = [&](const std::string& verb) { return checkpoints_after("", scratch_, {verb, run_}, nobody); };
  const auto refused = [&](const fs::path& path) {
    const auto perms = fs::status(path).permissions();
    fs::permissions(path, fs::perms(0));
    for (const std::string verb : {"list", "prune", "export"}) {
      const auto outcome = as_nobody(verb);
      EXPECT_EQ(outcome.code, 74) << verb << " " << path << ": " << outcome.err;
      EXPECT_THAT(outcome.err, AllOf(Not(HasSubstr("internal error")), HasSubstr(path.filename().string()))) << verb;
    }
    fs::permissions(path, perms);
  };
  refused(run_);
  refused(run_ / "checkpoints");
  fs::permissions(run_ / "events.jsonl",
                  fs::perms(0));  // the events may say that the run was resumed from one of the files
  EXPECT_EQ(as_nobody("prune").code, 74);
  EXPECT_THAT(files(), ElementsAre("a", "b", "c", "d"));
  fs::permissions(run_ / "events.jsonl", fs::perms(0666));
  EXPECT_EQ(as_nobody("prune").code, 0);
}

// A limit on file size simulates a full disk: both stop a write in the middle.
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
