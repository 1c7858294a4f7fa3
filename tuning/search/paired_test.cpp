#include "tuning/search/paired_test.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>

#include "base/statistics.h"

namespace tlaunch {
namespace {

constexpr std::size_t most_blocks = 20;

// Ranks of the absolute values, doubled so that the mean ranks of ties stay whole.
std::vector<int> doubled_ranks(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](std::size_t i, std::size_t j) { return std::abs(values[i]) < std::abs(values[j]); });
  std::vector<int> ranks(values.size());
  for (std::size_t first = 0; first < order.size();) {
    std::size_t last = first;
    while (last + 1 < order.size() && std::abs(values[order[last + 1]]) == std::abs(values[order[first]])) ++last;
    for (std::size_t i = first; i <= last; ++i) ranks[order[i]] = static_cast<int>(first + last + 2);
    first = last + 1;
  }
  return ranks;
}

// Share of the 2^n sign patterns whose sum of positive ranks is at least the observed one: counted by convolution.
double p_of_rank_sum(const std::vector<int>& ranks, int observed) {
  const int total = std::accumulate(ranks.begin(), ranks.end(), 0);
  std::vector<double> patterns(static_cast<std::size_t>(total) + 1, 0);
  patterns[0] = 1;
  for (const int rank : ranks)
    for (int sum = total; sum >= rank; --sum)
      patterns[static_cast<std::size_t>(sum)] += patterns[static_cast<std::size_t>(sum - rank)];
  double at_least = 0;
  for (int sum = observed; sum <= total; ++sum) at_least += patterns[static_cast<std::size_t>(sum)];
  return at_least / std::exp2(static_cast<double>(ranks.size()));
}

}  // namespace

PairedResult compare_paired(const std::vector<double>& a, const std::vector<double>& b) {
  const std::size_t blocks = std::min(std::min(a.size(), b.size()) / 2, most_blocks);
  if (blocks == 0) return {};
  std::vector<double> log_ratio(blocks);
  for (std::size_t k = 0; k < blocks; ++k)
    log_ratio[k] = std::log((a[2 * k] + a[2 * k + 1]) / (b[2 * k] + b[2 * k + 1]));
  const auto ranks = doubled_ranks(log_ratio);
  int positive = 0;
  for (std::size_t k = 0; k < blocks; ++k)
    if (log_ratio[k] > 0) positive += ranks[k];
  return {std::exp(median(log_ratio)), p_of_rank_sum(ranks, positive), static_cast<int>(blocks)};
}

std::vector<bool> holm(const std::vector<double>& p_values, double alpha) {
  std::vector<std::size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](std::size_t i, std::size_t j) { return p_values[i] < p_values[j]; });
  std::vector<bool> rejected(p_values.size(), false);
  for (std::size_t k = 0; k < order.size(); ++k) {
    if (!(p_values[order[k]] <= alpha / static_cast<double>(order.size() - k))) break;
    rejected[order[k]] = true;
  }
  return rejected;
}

}  // namespace tlaunch
