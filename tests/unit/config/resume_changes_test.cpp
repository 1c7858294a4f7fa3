#include "tests/unit/config/config_fixture.h"

namespace tlaunch {
namespace {

using Keys = std::vector<std::string>;

class ResumeChanges : public test::ConfigTest {
 protected:
  Keys changes(std::vector<std::string> overrides) {
    return changes_forbidden_on_resume(resume_settings(load(image)), load(image, std::move(overrides)));
  }
};

TEST_F(ResumeChanges, NothingChangedIsFine) { EXPECT_EQ(changes({}), Keys{}); }

TEST_F(ResumeChanges, LengthSplitRanksAndReportingMayChange) {
  EXPECT_EQ(changes({"train.epochs=20", "train.batch_size=64", "train.gradient_accumulation_steps=2", "launch.nproc=2",
                     "eval.every_n_steps=5", "checkpoint.every_n_steps=5", "checkpoint.dirpath=x", "log.csv=false",
                     "data.num_workers=2", "data.prefetch_factor=2", "launch.grace_s=1"}),
            Keys{});
  EXPECT_EQ(changes({"train.max_steps=20"}), Keys{});
  EXPECT_EQ(changes({"train.kimg=20"}), Keys{});
}

TEST_F(ResumeChanges, WhatChangesTheResultMayNot) {
  EXPECT_EQ(changes({"seed=1", "model.depth=14", "train.learning_rate=0.5", "data.augment=false",
                     "train.effective_batch_size=128", "gpu.mixed_precision=bf16"}),
            (Keys{"data.augment", "gpu.mixed_precision", "model.depth", "seed", "train.effective_batch_size",
                  "train.learning_rate"}));
}

TEST_F(ResumeChanges, AnotherModelListsTheKeysThatCameAndWent) {
  const Keys keys =
      changes_forbidden_on_resume(resume_settings(load(image)), load("model: {name: lstm}\ndata: {name: dpkg}\n"));
  for (const char* key : {"model.name", "model.window", "model.depth", "data.augment"})
    EXPECT_NE(std::find(keys.begin(), keys.end(), key), keys.end()) << key;
}

TEST_F(ResumeChanges, PlacesAndNamesMay) {
  EXPECT_EQ(changes({"data.root=/elsewhere", "run_root=/other", "name=another", "data.pin_memory=true"}), Keys{});
}

// The checkpoint has the values that `auto` became. A key that is auto again takes the saved value.
TEST_F(ResumeChanges, AutoTakesWhatWasSaved) {
  RunConfig saved = load(image, {"train.optimizer=sgd", "train.learning_rate=0.1"});
  saved.gpu.mixed_precision = Precision::bf16;
  saved.train.effective_batch_size = 512;
  saved.train.learning_rate = 0.2;  // by the linear rule
  const auto settings = resume_settings(saved);
  const auto now = [&](std::vector<std::string> more) {
    more.insert(more.end(), {"train.optimizer=sgd", "train.effective_batch_size=auto"});
    return changes_forbidden_on_resume(settings, load(image, more));
  };
  EXPECT_EQ(now({"train.learning_rate=0.1"}), Keys{});
  EXPECT_EQ(now({"train.learning_rate=0.2"}), Keys{"train.learning_rate"});
  EXPECT_EQ(now({"train.learning_rate=0.1", "gpu.mixed_precision=off"}), Keys{"gpu.mixed_precision"});
}

TEST_F(ResumeChanges, AKeyThatTheCheckpointDoesNotKnowIsOfALaterVersion) {
  auto settings = resume_settings(load(image));
  settings.erase("deterministic");
  EXPECT_EQ(changes_forbidden_on_resume(settings, load(image)), Keys{});
}

}  // namespace
}  // namespace tlaunch
