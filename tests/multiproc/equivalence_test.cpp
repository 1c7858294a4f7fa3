// Two ranks with micro-batch b = one rank with 2b = one rank with b and accumulation 2: the same effective batch must
// train the same parameters. The model has no BatchNorm and no dropout (with BatchNorm another micro-batch trains
// differently by definition).
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "checkpoint/safetensors/safetensors.h"
#include "tests/support/sessions_data.h"

namespace tlaunch::test {
namespace {

struct Case {
  std::string dtype;
  std::vector<std::string> optimizer;
  double tolerance;
};

void PrintTo(const Case& shown, std::ostream* out) { *out << shown.dtype << " " << shown.optimizer[0]; }

class Equivalence : public testing::TestWithParam<Case> {
 protected:
  // The checkpoint after 20 steps.
  fs::path train(const std::string& tag, const std::string& nproc, int micro_batch, int accumulation) {
    if (!fs::exists(scratch_ / "data")) {
      write_sessions(scratch_ / "data");
      write(scratch_ / "lstm.yaml",
            "model: {name: lstm, hidden_size: 24, num_layers: 2, window: 6, top_g: 3, input: embedding}\n"
            "data: {name: sessions, root: data}\n"
            "train: {max_steps: 20, effective_batch_size: 32}\n"
            "tune: {enabled: false}\n"
            "checkpoint: {every_n_steps: 20}\n");
    }
    std::vector<std::string> arguments{"--nproc",
                                       nproc,
                                       "--run-dir",
                                       scratch_ / tag,
                                       scratch_ / "lstm.yaml",
                                       "model.dtype=" + GetParam().dtype,
                                       "train.batch_size=" + std::to_string(micro_batch),
                                       "train.gradient_accumulation_steps=" + std::to_string(accumulation)};
    for (const auto& setting : GetParam().optimizer) arguments.push_back(setting);
    const auto outcome = run_tlaunch(arguments);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    for (const auto& entry : fs::directory_iterator(scratch_ / tag / "checkpoints")) return entry.path();
    ADD_FAILURE() << "no checkpoint in " << tag;
    return {};
  }

  static double value(const TensorView& tensor, std::size_t i) {
    if (tensor.dtype == "F64") {
      double wide;
      std::memcpy(&wide, tensor.data.data() + i * 8, 8);
      return wide;
    }
    float narrow;
    std::memcpy(&narrow, tensor.data.data() + i * 4, 4);
    return narrow;
  }

  // Largest difference over all model parameters.
  static double difference(const fs::path& a, const fs::path& b) {
    const SafetensorsFile first(a), second(b);
    double largest = 0;
    std::size_t compared = 0;
    for (const auto& tensor : first.tensors()) {
      if (tensor.name.starts_with("tlaunch.")) continue;
      const auto* other = second.find(tensor.name);
      if (!other) return INFINITY;
      for (std::size_t i = 0; i < tensor.data.size() / dtype_bytes(tensor.dtype); ++i, ++compared)
        largest = std::max(largest, std::abs(value(tensor, i) - value(*other, i)));
    }
    return compared > 1000 ? largest : INFINITY;
  }

  TempDir scratch_;
};

TEST_P(Equivalence, SameEffectiveBatchTrainsTheSameParameters) {
  const auto two_ranks = train("two", "2", 16, 1);
  const auto one_rank = train("one", "1", 32, 1);
  const auto accumulated = train("accumulated", "1", 16, 2);
  ASSERT_FALSE(HasFailure());
  EXPECT_LE(difference(two_ranks, one_rank), GetParam().tolerance);
  EXPECT_LE(difference(accumulated, one_rank), GetParam().tolerance);
}

INSTANTIATE_TEST_SUITE_P(
    All, Equivalence,
    testing::Values(Case{"float64", {"train.optimizer=sgd", "train.momentum=0.9", "train.learning_rate=0.05"}, 1e-10},
                    Case{"float64", {"train.optimizer=adamw", "train.learning_rate=0.003"}, 1e-10},
                    Case{"float32", {"train.optimizer=sgd", "train.learning_rate=0.01"}, 1e-6}),
    [](const auto& info) { return info.param.dtype + "_" + info.param.optimizer[0].substr(16); });

}  // namespace
}  // namespace tlaunch::test
