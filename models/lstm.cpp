#include "models/lstm.h"

#include <torch/nn/modules/embedding.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/rnn.h>

#include "base/error.h"
#include "base/text.h"

namespace tlaunch {
namespace {

class Lstm : public Model {
 public:
  Lstm(std::int64_t hidden_size, std::int64_t num_layers, bool embed, std::int64_t num_classes) {
    if (embed) embedding_ = register_module("embedding", torch::nn::Embedding(num_classes, hidden_size));
    lstm_ = register_module(
        "lstm",
        torch::nn::LSTM(
            torch::nn::LSTMOptions(embed ? hidden_size : 1, hidden_size).num_layers(num_layers).batch_first(true)));
    fc_ = register_module("fc", torch::nn::Linear(hidden_size, num_classes));
  }

  torch::Tensor forward(const torch::Tensor& input) override {
    // A scalar input is the raw key id, neither scaled nor centred, as in the published DeepLog code: weights trained
    // there keep their meaning here.
    const torch::Tensor steps = embedding_ ? embedding_(input) : input.to(fc_->weight.scalar_type()).unsqueeze(-1);
    const torch::Tensor hidden = std::get<0>(lstm_(steps));  // [n, window, hidden_size]
    return fc_(hidden.select(1, -1));
  }

 private:
  torch::nn::Embedding embedding_{nullptr};
  torch::nn::LSTM lstm_{nullptr};
  torch::nn::Linear fc_{nullptr};
};

OptionSpec integer(std::string key, std::int64_t value, std::string unit, double min, double max, std::string meaning) {
  return {std::move(key), OptionType::integer, value, std::move(unit), std::move(meaning), {}, min, max};
}

}  // namespace

ModelDescription lstm_description() {
  ModelDescription description;
  description.name = "lstm";
  description.summary = "DeepLog: a stacked LSTM that predicts the next log key from a window of keys.";
  description.sample_kind = "keys";
  description.options = {
      integer("hidden_size", 64, "units", 1, 4096, "Width of each LSTM layer, and of the embedding if there is one."),
      integer("num_layers", 2, "layers", 1, 16, "LSTM layers, one above the other."),
      integer("window", 10, "keys", 1, 1024, "Keys the model sees before it predicts the next one."),
      integer("top_g", 9, "keys", 1, 1 << 20,
              "Detection: a session is anomalous if a next key is not among the top_g most likely ones."),
      {"input",
       OptionType::text,
       std::string("scalar"),
       "",
       "How a key enters the LSTM: scalar (its number, as in the published code) or embedding (a learned vector).",
       {std::string("scalar"), std::string("embedding")},
       {},
       {}},
  };
  description.metrics = {"val_loss", "val_accuracy"};
  return description;
}

std::shared_ptr<Model> make_lstm(const Options& options, const SampleShape& shape) {
  const std::int64_t window = options.integer("window");
  if (shape.window != window) {
    throw UsageError(format_text("model.window is {}, but the data set gives windows of {} keys; set model.window={}",
                                 window, shape.window, shape.window));
  }
  return std::make_shared<Lstm>(options.integer("hidden_size"), options.integer("num_layers"),
                                options.text("input") == "embedding", shape.num_classes);
}

}  // namespace tlaunch
