#include "trainer/loop/detect.h"

#include <algorithm>
#include <unordered_map>

#include "trainer/device/precision.h"
#include "worker/run_phase.h"
#include "worker/stop_request.h"

namespace tlaunch {
namespace {

constexpr std::int64_t most_windows = 4096;  // of a batch

// Sessions repeat few patterns: the model is asked once for each distinct (window, next key).
class Questions {
 public:
  Questions(std::int64_t window) : window_(window) {}

  // Number of the question for the window that ends before `next`.
  std::int64_t ask(const std::int32_t* window, std::int32_t next) {
    std::string key(reinterpret_cast<const char*>(window), window_ * sizeof(std::int32_t));
    key.append(reinterpret_cast<const char*>(&next), sizeof next);
    const auto [entry, added] = known_.emplace(std::move(key), size());
    if (added) {
      inputs_.insert(inputs_.end(), window, window + window_);
      targets_.push_back(next);
    }
    return entry->second;
  }

  // For each question, whether the next key is outside the top g.
  std::vector<char> answer(TrainingSetup& setup, std::int64_t top_g, std::int64_t batch_size) const {
    std::vector<char> surprising;
    for (std::int64_t first = 0; first < size() && stop_signal() == 0; first += batch_size) {
      note_progress();
      const auto n = std::min(batch_size, size() - first);
      const Batch batch{
          torch::tensor(
              std::vector<std::int64_t>(inputs_.begin() + first * window_, inputs_.begin() + (first + n) * window_))
              .view({n, window_}),
          torch::tensor(std::vector<std::int64_t>(targets_.begin() + first, targets_.begin() + first + n))};
      const AutocastScope autocast(setup.device, setup.precision);
      const auto logits = setup.model->forward(model_input(setup, batch));
      const auto own = logits.gather(1, model_target(setup, batch).unsqueeze(1));
      const auto flags = logits.gt(own).sum(1).ge(top_g).to(torch::kCPU, torch::kInt8).contiguous();
      surprising.insert(surprising.end(), flags.data_ptr<std::int8_t>(), flags.data_ptr<std::int8_t>() + n);
    }
    surprising.resize(targets_.size());  // if it stopped early
    return surprising;
  }

 private:
  std::int64_t size() const { return static_cast<std::int64_t>(targets_.size()); }

  std::int64_t window_;
  std::unordered_map<std::string, std::int64_t> known_;
  std::vector<std::int32_t> inputs_, targets_;
};

// The number of flagged sessions in this rank's share: every session whose number is `rank` modulo the world size.
std::int64_t count_flagged(const SessionSet& sessions, TrainingSetup& setup, const Ranks& ranks, std::int64_t window,
                           std::int64_t top_g, std::int64_t batch_size) {
  Questions questions(window);
  std::vector<std::vector<std::int64_t>> asked;
  std::int64_t flagged = 0;
  for (std::int64_t i = ranks.rank(); i < sessions.size(); i += ranks.size()) {
    note_progress();
    const auto keys = sessions.session(i);
    if (std::find(keys.begin(), keys.end(), -1) != keys.end()) {
      ++flagged;
      continue;
    }
    auto& own = asked.emplace_back();
    for (std::size_t t = window; t < keys.size(); ++t) own.push_back(questions.ask(&keys[t - window], keys[t]));
  }
  const auto surprising = questions.answer(setup, top_g, batch_size);
  return flagged + std::count_if(asked.begin(), asked.end(), [&](const auto& own) {
           return std::any_of(own.begin(), own.end(), [&](std::int64_t q) { return surprising[q] != 0; });
         });
}

}  // namespace

std::map<std::string, double> detection_metrics(const DetectionCounts& counts) {
  const auto ratio = [](double part, double whole) { return whole > 0 ? part / whole : 0.0; };
  const double hits = counts.true_positives;
  const double precision = ratio(hits, hits + counts.false_positives), recall = ratio(hits, counts.abnormal);
  return {{"precision", precision},
          {"recall", recall},
          {"f1", ratio(2 * precision * recall, precision + recall)},
          {"false_positive_rate", ratio(counts.false_positives, counts.normal)}};
}

std::map<std::string, double> detect(TrainingSetup& setup, const Ranks& ranks, const Options& model_options,
                                     HalvingBatch& batch) {
  const auto window = setup.dataset->shape().window, top_g = model_options.integer("top_g");
  const auto& tests = *setup.dataset->session_tests();
  const torch::NoGradGuard no_grad;
  setup.model->eval();
  torch::Tensor counts;
  batch.run(ranks, most_windows, [&](std::int64_t size) {
    const auto abnormal = count_flagged(tests.abnormal, setup, ranks, window, top_g, size);
    const auto normal = count_flagged(tests.normal, setup, ranks, window, top_g, size);
    counts = torch::tensor({abnormal, normal, std::int64_t{stop_signal() != 0}}).to(setup.device);
  });
  setup.model->train();
  ranks.sum(counts);
  const auto host = counts.cpu();
  if (host[2].item<std::int64_t>() > 0) return {};
  return detection_metrics({.true_positives = host[0].item<std::int64_t>(),
                            .false_positives = host[1].item<std::int64_t>(),
                            .normal = tests.normal.size(),
                            .abnormal = tests.abnormal.size()});
}

}  // namespace tlaunch
