// Loading of valid configs.
#include "tests/unit/config/config_fixture.h"

namespace tlaunch {
namespace {

namespace fs = std::filesystem;

class ConfigLoad : public test::ConfigTest {};

TEST_F(ConfigLoad, TheSmallestConfigGetsEveryDefault) {
  const RunConfig c = load(image);
  EXPECT_EQ(c.name, "c");  // the file's stem
  EXPECT_EQ(c.run_root, "runs");
  EXPECT_EQ(c.model.name, "resnet");
  EXPECT_EQ(c.model.options.integer("depth"), 8);
  EXPECT_EQ(c.model.options.text("stem"), "small");
  EXPECT_TRUE(c.data.options.flag("augment"));
  EXPECT_EQ(c.data.root, "/usr/share/datasets/fashion-mnist");
  EXPECT_EQ(c.train.epochs, 10);
  EXPECT_FALSE(c.train.max_steps || c.train.kimg);
  EXPECT_EQ(c.train.effective_batch_size, 256);
  EXPECT_FALSE(c.train.batch_size.has_value());
  EXPECT_EQ(c.eval.every_n_epochs, 1);
  EXPECT_EQ(c.checkpoint.every_n_epochs, 1);
  EXPECT_FALSE(c.gpu.mixed_precision.has_value());
  EXPECT_EQ(c.launch.nproc, "auto");
}

TEST_F(ConfigLoad, EveryKindOfValueIsRead) {
  const RunConfig c = load(R"(
name: my run
seed: 7
deterministic: yes
model: {name: resnet, depth: 20, stem: "large", dtype: float64}
data:
  name: fashion_mnist
  augment: false      # a comment
  num_workers: 0
train: {max_steps: 50, batch_size: auto, optimizer: sgd, momentum: .9, learning_rate: 1e-2, schedule: step,
        step_epochs: 3, clip_grad_norm: 1, early_stopping_patience: off}
eval: {every_n_kimg: 2.5}
gpu: {mixed_precision: off, tf32: true}
launch: {nproc: 2, grace_s: 1.5}
)");
  EXPECT_EQ(c.name, "my run");
  EXPECT_EQ(c.seed, 7);
  EXPECT_TRUE(c.deterministic);
  EXPECT_EQ(c.model.options.integer("depth"), 20);
  EXPECT_EQ(c.model.options.text("stem"), "large");
  EXPECT_EQ(c.model.dtype, FloatType::float64);
  EXPECT_FALSE(c.data.options.flag("augment"));
  EXPECT_EQ(c.data.num_workers, 0);
  EXPECT_FALSE(c.train.epochs.has_value());
  EXPECT_EQ(c.train.max_steps, 50);
  EXPECT_EQ(c.train.optimizer, OptimizerKind::sgd);
  EXPECT_EQ(c.train.momentum, 0.9);
  EXPECT_EQ(c.train.learning_rate, 0.01);
  EXPECT_EQ(c.train.step_epochs, 3);
  EXPECT_EQ(c.train.clip_grad_norm, 1.0);
  EXPECT_FALSE(c.train.early_stopping_patience.has_value());
  EXPECT_FALSE(c.eval.every_n_epochs.has_value());
  EXPECT_EQ(c.eval.every_n_kimg, 2.5);
  EXPECT_EQ(c.gpu.mixed_precision, Precision::fp32);
  EXPECT_EQ(c.gpu.tf32, true);
  EXPECT_EQ(c.launch.nproc, "2");
  EXPECT_EQ(c.launch.grace_s, 1.5);
}

TEST_F(ConfigLoad, MixedPrecisionTakesTrueAsAutoAndFalseAsOff) {
  const auto precision = [&](const std::string& word) {
    return load(image + "gpu: {mixed_precision: " + word + "}\n").gpu.mixed_precision;
  };
  EXPECT_FALSE(precision("true").has_value());
  EXPECT_FALSE(precision("auto").has_value());
  EXPECT_EQ(precision("false"), Precision::fp32);
  EXPECT_EQ(precision("fp16"), Precision::fp16);
  EXPECT_EQ(precision("bf16"), Precision::bf16);
}

TEST_F(ConfigLoad, OverridesBeatTheFileAndTheLastWins) {
  const RunConfig c = load(image + "train: {epochs: 5, learning_rate: 0.1}\n",
                           {"train.learning_rate=0.2", "model.depth=14", "train.learning_rate=0.3", " seed = 4 "});
  EXPECT_EQ(c.train.learning_rate, 0.3);
  EXPECT_EQ(c.model.options.integer("depth"), 14);
  EXPECT_EQ(c.train.epochs, 5);
  EXPECT_EQ(c.seed, 4);
}

TEST_F(ConfigLoad, AnOverrideDisplacesItsSiblings) {
  RunConfig c = load(image + "train: {epochs: 5}\n", {"train.max_steps=20"});
  EXPECT_FALSE(c.train.epochs.has_value());
  EXPECT_EQ(c.train.max_steps, 20);
  c = load(image, {"train.max_steps=20", "train.kimg=1.5"});
  EXPECT_FALSE(c.train.max_steps || c.train.epochs);
  EXPECT_EQ(c.train.kimg, 1.5);
  c = load(image, {"train.max_steps=20", "train.epochs=2", "checkpoint.every_n_steps=5"});
  EXPECT_EQ(c.train.epochs, 2);
  EXPECT_FALSE(c.checkpoint.every_n_epochs.has_value());
  EXPECT_EQ(c.eval.every_n_epochs, 1);
}

TEST_F(ConfigLoad, OverrideValuesMayBeQuotedOrHoldAnything) {
  EXPECT_EQ(load(image, {"name='a: b'"}).name, "a: b");
  EXPECT_EQ(load(image, {"data.root=/a #b: c=d"}).data.root, "/a #b: c=d");
}

TEST_F(ConfigLoad, AFileBeatsWhatItExtends) {
  write("base/base.yaml",
        "model: {name: resnet, depth: 14, width: 32}\ndata: {name: fashion_mnist}\ntrain: {epochs: 5}\n");
  const RunConfig c = load("extends: base/base.yaml\nmodel: {depth: 20}\ntrain: {kimg: 3}\n");
  EXPECT_EQ(c.model.options.integer("depth"), 20);
  EXPECT_EQ(c.model.options.integer("width"), 32);
  EXPECT_FALSE(c.train.epochs.has_value());  // displaced
  EXPECT_EQ(c.train.kimg, 3.0);
  EXPECT_EQ(c.name, "c");
}

TEST_F(ConfigLoad, ExtendsIsRelativeToItsOwnFile) {
  write("a/one.yaml", "extends: ../b/two.yaml\nseed: 1\n");
  write("b/two.yaml", "extends: three.yml\nseed: 2\n");
  write("b/three.yml", image + "seed: 3\ndeterministic: true\n");
  const RunConfig c = load("extends: a/one.yaml\n");
  EXPECT_EQ(c.seed, 1);
  EXPECT_TRUE(c.deterministic);
}

TEST_F(ConfigLoad, VariablesAreExpandedInValues) {
  environment = {{"EPOCHS", "3"}, {"WHERE", "/data"}, {"BASE", "base"}};
  write("base.yaml", image);
  const RunConfig c =
      load("extends: ${BASE}.yaml\ntrain:\n  epochs: ${EPOCHS}\n  effective_batch_size: '${BATCH:-64}'\n",
           {"data.root=${WHERE}/x"});
  EXPECT_EQ(c.train.epochs, 3);
  EXPECT_EQ(c.train.effective_batch_size, 64);
  EXPECT_EQ(c.data.root, "/data/x");
}

TEST_F(ConfigLoad, PathsInAFileAreRelativeToThatFile) {
  write("base/base.yaml", "model: {name: lstm, weights: w/a.safetensors}\ndata: {name: sessions, root: ../logs/}\n");
  const RunConfig c = load("extends: base/base.yaml\n");
  EXPECT_EQ(c.data.root, (folder / "logs").string());
  EXPECT_EQ(c.model.weights, (folder / "base/w/a.safetensors").string());
}

TEST_F(ConfigLoad, PathsOnTheCommandLineAreRelativeToTheWorkingDirectory) {
  const RunConfig c = load("model: {name: lstm}\ndata: {name: sessions, root: x}\n",
                           {"data.root=../y", "model.weights=a.safetensors", "checkpoint.dirpath=ck", "run_root=out"});
  const fs::path here = fs::current_path();
  EXPECT_EQ(c.data.root, (here.parent_path() / "y").string());
  EXPECT_EQ(c.model.weights, (here / "a.safetensors").string());
  EXPECT_EQ(c.checkpoint.dirpath, (here / "ck").string());
  EXPECT_EQ(c.run_root, "out");
}

TEST_F(ConfigLoad, CheckpointFolderInAFileIsRelativeToTheWorkingDirectoryToo) {
  EXPECT_EQ(load(image + "checkpoint: {dirpath: ck}\n").checkpoint.dirpath, (fs::current_path() / "ck").string());
  EXPECT_FALSE(load(image + "checkpoint: {dirpath: auto}\n").checkpoint.dirpath.has_value());
}

TEST_F(ConfigLoad, SourcesTellWhereEachValueComesFrom) {
  const auto sources =
      load_config(source(image + "train: {epochs: 5}\n", {"train.max_steps=2", "model.depth=14"}), test::worker())
          .sources;
  EXPECT_EQ(sources.at("model.name"), ValueSource::file);
  EXPECT_EQ(sources.at("train.max_steps"), ValueSource::command_line);
  EXPECT_EQ(sources.at("train.epochs"), ValueSource::default_value);  // displaced
  EXPECT_EQ(sources.at("model.depth"), ValueSource::command_line);
  EXPECT_EQ(sources.at("data.augment"), ValueSource::default_value);
  EXPECT_EQ(sources.at("seed"), ValueSource::default_value);
}

TEST_F(ConfigLoad, EmptySectionsAndAliasesAreFine) {
  const RunConfig c = load("train:\neval: {}\nname: &n resnet\nmodel: {name: *n}\ndata: &d\n  name: fashion_mnist\n");
  EXPECT_EQ(c.model.name, "resnet");
  EXPECT_EQ(c.train.epochs, 10);
}

TEST_F(ConfigLoad, WorkerIsKnownBeforeTheRestIsChecked) {
  write("base.yaml", "launch: {worker: ./my-worker}\n");
  EXPECT_EQ(worker_of(source("extends: base.yaml\nno_such_key: 1\n")), (folder / "my-worker").string());
  EXPECT_EQ(worker_of(source("seed: 1\n", {"launch.worker=bin/w"})), (fs::current_path() / "bin/w").string());
  EXPECT_EQ(worker_of(source("extends: base.yaml\n", {"launch.worker=other"})), "other");
  EXPECT_EQ(worker_of(source("seed: 1\n")), "tlaunch-worker");
  EXPECT_THROW(worker_of(source("- a list\n")), UsageError);
  EXPECT_THROW(worker_of({folder / "absent.yaml", {}, {}}), UsageError);
}

}  // namespace
}  // namespace tlaunch
