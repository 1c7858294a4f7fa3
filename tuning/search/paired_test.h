// Is B faster than A? Both are timed in turn, A B B A, so that a machine that slows down or speeds up harms both alike.
// Pure.
#pragma once

#include <vector>

namespace tlaunch {

struct PairedResult {
  double speedup = 1;  // A's time over B's: the median over blocks
  double p_value = 1;  // one-sided: of a rank sum as large as this one where A and B are equal
  int blocks = 0;
};

// `a[i]`, `b[i]`: seconds of each in round i; two rounds are a block (a last round alone is left out). The statistic is
// Wilcoxon's signed-rank sum of the blocks' log ratios, its p-value exact over all sign flips (up to 20 blocks; more
// are cut off): one stalled block weighs no more than its rank. Identical settings compared by "median of 5, more than
// 5 % apart" give a false winner half of the time; ten blocks of this, p < 0.05 and 3 %, at most one in twenty.
PairedResult compare_paired(const std::vector<double>& a, const std::vector<double>& b);

// Holm's step-down rule: which of the hypotheses with these p-values are rejected at family-wise level `alpha`.
std::vector<bool> holm(const std::vector<double>& p_values, double alpha);

}  // namespace tlaunch
