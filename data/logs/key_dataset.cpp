#include "data/logs/key_dataset.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/crc32c.h"
#include "base/error.h"
#include "base/text.h"
#include "worker/counter_rng.h"

namespace tlaunch {
namespace {

// For each session, whether it belongs to the validation split.
std::vector<bool> choose_val_sessions(const SessionSet& sessions, std::int64_t window, double val_fraction) {
  std::vector<std::pair<std::uint64_t, std::int64_t>> ranked;
  for (std::int64_t i = 0; i < sessions.size(); ++i) {
    if (static_cast<std::int64_t>(sessions.session(i).size()) > window) {
      ranked.emplace_back(splitmix64(static_cast<std::uint64_t>(i)), i);
    }
  }
  std::vector<bool> is_val(static_cast<std::size_t>(sessions.size()));
  if (ranked.size() < 2) return is_val;
  std::sort(ranked.begin(), ranked.end());
  const auto wanted = static_cast<std::size_t>(std::llround(val_fraction * static_cast<double>(ranked.size())));
  ranked.resize(std::clamp<std::size_t>(wanted, 1, ranked.size() - 1));
  for (const auto& [hash, session] : ranked) is_val[static_cast<std::size_t>(session)] = true;
  return is_val;
}

}  // namespace

KeyDataset::KeyDataset(SessionSet sessions, std::int64_t num_keys, std::int64_t window, double val_fraction,
                       std::optional<SessionTests> tests, const std::string& source)
    : num_keys_(num_keys), window_(window), tests_(std::move(tests)) {
  const auto is_val = choose_val_sessions(sessions, window, val_fraction);
  for (std::int64_t i = 0; i < sessions.size(); ++i) {
    auto& starts = is_val[static_cast<std::size_t>(i)] ? val_starts_ : train_starts_;
    const std::int64_t end = sessions.offsets[i + 1];
    for (std::int64_t begin = sessions.offsets[i]; begin + window < end; ++begin) starts.push_back(begin);
  }
  if (train_starts_.empty() || val_starts_.empty()) {
    throw DataError(format_text("{}: of its {} sessions fewer than two have the {} keys that model.window={} needs",
                                source, sessions.size(), window + 1, window));
  }
  keys_ = std::move(sessions.keys);
}

std::string KeyDataset::checksum(Split split) const {
  const auto add = [](const auto& values, std::uint32_t sum) { return crc32c(std::as_bytes(std::span(values)), sum); };
  // keys_ holds the keys of both splits; the splits differ in the positions of their windows.
  std::uint32_t sum = add(starts(split), add(keys_, 0));
  if (split == Split::val && tests_)
    for (const SessionSet* sessions : {&tests_->normal, &tests_->abnormal})
      sum = add(sessions->offsets, add(sessions->keys, sum));
  return crc32c_text(sum);
}

Batch KeyDataset::collate(Split split, std::span<const std::int64_t> indices, const AugmentKey*) const {
  const auto& begins = starts(split);
  const auto n = static_cast<std::int64_t>(indices.size());
  Batch batch{torch::empty({n, window_}, torch::kInt64), torch::empty({n}, torch::kInt64)};
  auto* input = batch.input.mutable_data_ptr<std::int64_t>();
  auto* target = batch.target.mutable_data_ptr<std::int64_t>();
  for (const std::int64_t index : indices) {
    const std::int32_t* window = keys_.data() + begins[static_cast<std::size_t>(index)];
    input = std::copy(window, window + window_, input);
    *target++ = window[window_];
  }
  return batch;
}

OptionSpec val_fraction_option() {
  return {.key = "val_fraction",
          .type = OptionType::real,
          .default_value = 0.2,
          .unit = "",
          .meaning = "Fraction of the training sessions used for validation instead.",
          .choices = {},
          .min = 0.01,
          .max = 0.5};
}

}  // namespace tlaunch
