// Saves and restores a state in one process. tests/multiproc/resume_test checks exactness over real runs.
#include "trainer/state/train_state.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "checkpoint/folder/run_terms.h"
#include "tests/support/temp_dir.h"
#include "trainer/device/device.h"

namespace tlaunch {
namespace {

RunConfig config(std::int64_t seed, std::int64_t hidden) {
  RunConfig config;
  config.seed = seed;
  config.model.name = "lstm";
  config.model.options.set("hidden_size", hidden);
  config.model.options.set("num_layers", std::int64_t{1});
  config.model.options.set("window", std::int64_t{3});
  config.model.options.set("top_g", std::int64_t{2});
  config.model.options.set("input", std::string("embedding"));
  config.train.gradient_accumulation_steps = 1;
  return config;
}

// A set-up without a data set, which the state does not use.
TrainingSetup setup_of(const RunConfig& config) {
  TrainingSetup setup;
  torch::manual_seed(config.seed);
  setup.model = make_model("lstm", config.model.options, {.kind = "keys", .window = 3, .num_classes = 5});
  return setup;
}

struct Side {
  RunConfig settings;
  Ranks ranks{WorkerContext{}};
  TrainingSetup setup;
  TrainStep step;
  explicit Side(std::int64_t seed, std::int64_t hidden = 4)
      : settings(config(seed, hidden)), setup(setup_of(settings)), step(settings, ranks, setup, {}) {}
};

const RunIdentity identity{.seed = 1, .train_samples = 100, .effective_batch_size = 10, .steps_per_epoch = 10};

std::map<std::string, torch::Tensor> copy_of(TrainingSetup& setup) {
  std::map<std::string, torch::Tensor> copies;
  for (const auto& [name, tensor] : state_tensors(*setup.model)) copies[name] = tensor.clone();
  return copies;
}

bool equal(const std::map<std::string, torch::Tensor>& a, const std::map<std::string, torch::Tensor>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& x, const auto& y) { return x.first == y.first && x.second.equal(y.second); });
}

Metadata saved_metadata(TrainStep& step, const Position& position, const RunIdentity& identity) {
  return metadata_of(save_point(step, position, identity));
}

std::uint64_t save_state(const std::string& path, TrainingSetup& setup, TrainStep& step, const Ranks& ranks,
                         const Position& position, const RunIdentity& identity) {
  const auto tensors = saved_tensors(setup, step, ranks);
  return write_safetensors(path, views_of(tensors), saved_metadata(step, position, identity));
}

class TrainState : public testing::Test {
 protected:
  std::string path() const { return scratch_ / "state.safetensors"; }
  test::TempDir scratch_;
};

TEST_F(TrainState, ComesBackAsItWas) {
  Side saved(1), fresh(2);
  const Position position{.step = 23,
                          .metrics = {{"val_loss", 0.5}},
                          .early_stopping = {.best_val_loss = 0.25, .evaluations_without_improvement = 2}};
  for (auto& [name, tensor] : saved.step.optimizer().state()) tensor.uniform_();
  const auto bytes = save_state(path(), saved.setup, saved.step, saved.ranks, position, identity);
  EXPECT_EQ(bytes, std::filesystem::file_size(path()));
  const auto next = torch::rand({4});

  const SavedState state(path());
  state.check(identity);
  state.restore(fresh.setup, fresh.step, 0);
  EXPECT_TRUE(equal(copy_of(saved.setup), copy_of(fresh.setup)));
  EXPECT_TRUE(torch::rand({4}).equal(next)) << "the generator continues where it was";
  const auto theirs = saved.step.optimizer().state(), ours = fresh.step.optimizer().state();
  ASSERT_EQ(ours.size(), theirs.size());
  for (std::size_t i = 0; i < ours.size(); ++i) EXPECT_TRUE(ours[i].second.equal(theirs[i].second)) << ours[i].first;
  EXPECT_EQ(state.position().step, 23);
  EXPECT_EQ(state.position().metrics, position.metrics);
  EXPECT_EQ(state.position().early_stopping.best_val_loss, 0.25);
  EXPECT_EQ(state.position().early_stopping.evaluations_without_improvement, 2);
}

TEST_F(TrainState, WhatASaveTakesIsMeasuredWithoutTheOtherRanks) {
  Side side(1);
  const auto metadata = saved_metadata(side.step, {}, identity);
  const auto measured = measured_tensors(side.setup, side.step, 1);
  const auto bytes = save_state(path(), side.setup, side.step, side.ranks, {}, identity);
  EXPECT_EQ(safetensors_size(views_of(measured), metadata), bytes);
  EXPECT_EQ(measured_tensors(side.setup, side.step, 4).size(), measured.size() + 3) << "a generator of each rank";
}

TEST_F(TrainState, KeepsANonFiniteMetric) {
  Side side(1);
  save_state(path(), side.setup, side.step, side.ranks, {.step = 1, .metrics = {{"val_loss", NAN}}}, identity);
  EXPECT_TRUE(std::isnan(SavedState(path()).position().metrics.at("val_loss")));
}

TEST_F(TrainState, ATensorTakesItsValuesInWhateverOrderItLies) {
  const auto saved = torch::rand({2, 3, 4, 5});
  write_safetensors(path(), views_of({{"w", saved}}), {});
  const SafetensorsFile file(path());
  const auto channels_last = torch::zeros({2, 3, 4, 5}).contiguous(at::MemoryFormat::ChannelsLast);
  for (const auto& place :
       {torch::zeros({2, 3, 4, 5}), channels_last, torch::zeros({5, 4, 3, 2}).permute({3, 2, 1, 0})}) {
    const void* where = place.const_data_ptr();
    copy_from_file(file, {{"w", place}});
    EXPECT_TRUE(place.equal(saved)) << place.strides();
    EXPECT_EQ(place.const_data_ptr(), where) << "in place: the optimizer and the Reducer know it by its memory";
  }
}

// Rewrites the file with a generator of the size of a card's, as if the run had been on a card.
void as_if_made_on_a_gpu(const std::string& path, const std::string& generator) {
  const SafetensorsFile file(path);
  auto tensors = file.tensors();
  const std::vector<std::byte> state(16);
  for (auto& tensor : tensors)
    if (tensor.name == generator) tensor = {generator, "U8", {16}, state};
  auto metadata = file.metadata();
  auto json = Json::parse(metadata.at("tlaunch.state"));
  json["run"]["device"] = "cuda";
  metadata["tlaunch.state"] = json.dump();
  write_safetensors(path, tensors, metadata);
}

TEST_F(TrainState, OfAGpuGoesOnOnACpuWithTheGeneratorThatIsThere) {
  Side saved(1), fresh(2);
  save_state(path(), saved.setup, saved.step, saved.ranks, {.step = 3}, identity);
  EXPECT_EQ(SavedState(path()).generator_note(torch::kCPU, 0), "") << "of the same kind of device";
  as_if_made_on_a_gpu(path(), "tlaunch.rng.0");
  const auto generator = generator_state(torch::kCPU);
  const SavedState state(path());
  state.restore(fresh.setup, fresh.step, 0);
  EXPECT_TRUE(equal(copy_of(saved.setup), copy_of(fresh.setup)));
  EXPECT_TRUE(generator_state(torch::kCPU).equal(generator));
  EXPECT_NE(state.generator_note(torch::kCPU, 0).find("made on a GPU"), std::string::npos);
  EXPECT_EQ(state.generator_note(torch::kCPU, 1), "") << "a rank that it did not have";
}

TEST_F(TrainState, OfAnotherFormatIsRefusedAndWithoutOneItIsTheFirst) {
  Side saved(1);
  save_state(path(), saved.setup, saved.step, saved.ranks, {.step = 3}, identity);
  const SafetensorsFile file(path());
  EXPECT_EQ(file.metadata().at("tlaunch.format"), "1");
  auto metadata = file.metadata();
  const std::string other = path() + ".other";
  metadata["tlaunch.format"] = "2";
  write_safetensors(other, file.tensors(), metadata);
  EXPECT_THROW(SavedState{other}, DataError);
  metadata.erase("tlaunch.format");  // as earlier versions wrote
  write_safetensors(other, file.tensors(), metadata);
  EXPECT_EQ(SavedState(other).position().step, 3);
}

TEST_F(TrainState, OfAnotherShapeChangesNothing) {
  Side saved(1, 4), other(2, 8);
  save_state(path(), saved.setup, saved.step, saved.ranks, {}, identity);
  const auto before = copy_of(other.setup);
  EXPECT_THROW(SavedState(path()).restore(other.setup, other.step, 0), DataError);
  EXPECT_TRUE(equal(before, copy_of(other.setup)));
}

TEST_F(TrainState, OfAnotherRunIsRefusedWithWhatDiffers) {
  Side side(1);
  save_state(path(), side.setup, side.step, side.ranks, {}, identity);
  auto other = identity;
  other.effective_batch_size = 20;
  try {
    SavedState(path()).check(other);
    ADD_FAILURE() << "accepted";
  } catch (const UsageError& error) {
    EXPECT_NE(std::string(error.what()).find("effective_batch_size 10"), std::string::npos) << error.what();
  }
}

TEST_F(TrainState, OfOtherDataIsRefusedAndOneThatDoesNotTellIsNot) {
  Side side(1);
  auto saved = identity;
  saved.data = {100, 20, "1a2b3c4d", "00000001"};
  save_state(path(), side.setup, side.step, side.ranks, {}, saved);
  SavedState(path()).check(saved);
  auto other = saved;
  other.data.train = "ffffffff";
  EXPECT_THROW(SavedState(path()).check(other), DataError);
  EXPECT_EQ(run_terms_of(path()).data, saved.data) << "as the launcher reads it";
  save_state(path(), side.setup, side.step, side.ranks, {}, identity);
  SavedState(path()).check(saved);
}

TEST_F(TrainState, ThatIsDamagedIsToldInPlainWordsWithTheFile) {
  Side side(1);
  auto metadata = saved_metadata(side.step, {}, identity);
  const auto problem = [&](const std::string& state) -> std::string {
    metadata["tlaunch.state"] = state;
    write_safetensors(path(), views_of(saved_tensors(side.setup, side.step, side.ranks)), metadata);
    try {
      const SavedState accepted(path());
    } catch (const DataError& error) {
      return error.what();
    }
    return "accepted";
  };
  const std::string begin = path() + ": tlaunch.state in its metadata cannot be read: ",
                    end = "; resume from another checkpoint, or start a new run with model.weights=" + path();
  EXPECT_EQ(problem("{"), begin + "it is not JSON (byte 2)" + end);
  EXPECT_EQ(problem("{}"), begin + "key 'progress' not found" + end);
  EXPECT_EQ(problem(R"({"progress":{"step":3,"metrics":{"val_loss":"low"}}})"),
            begin + "expected a number, got \"low\"" + end);
}

TEST_F(TrainState, PrefixesTakenOffTheNamesOfWeightsAreTold) {
  Side saved(1);
  const auto load = [&](const std::string& prefix, Side& fresh) {
    NamedTensors tensors = state_tensors(*saved.setup.model);
    for (auto& [name, tensor] : tensors) name = prefix + name;
    write_safetensors(path(), views_of(tensors), {});
    return load_weights(SafetensorsFile(path()), fresh.setup);
  };
  for (const std::string prefix : {"module.", "net."}) {
    Side fresh(2);
    EXPECT_EQ(load("", fresh), "");
    EXPECT_EQ(load(prefix, fresh),
              path() + ": removed '" + prefix + "' from the names of its tensors to match the model's");
    EXPECT_TRUE(equal(copy_of(saved.setup), copy_of(fresh.setup))) << prefix;
  }
}

TEST_F(TrainState, WeightsAloneAreNoCheckpoint) {
  Side side(1);
  write_safetensors(path(), {}, {});
  EXPECT_THROW(SavedState{path()}, DataError);
  try {
    const SafetensorsFile file(path());
    load_weights(file, side.setup);
    ADD_FAILURE() << "accepted";
  } catch (const DataError& error) {
    EXPECT_NE(std::string(error.what()).find("weight_ih_l0"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace tlaunch
