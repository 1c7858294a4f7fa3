// Is B faster than A? Both are timed in turn, A B B A, so that a machine that slows down or speeds up affects both
// alike. Pure.
#pragma once

#include <vector>

namespace tlaunch {

struct PairedResult {
  double speedup = 1;  // A's time over B's: the median over blocks
  double p_value = 1;  // one-sided: the probability of a rank sum as large as this one if A and B are equal
  int blocks = 0;
};

// `a[i]`, `b[i]`: seconds of each in round i. Two rounds are a block; a last round without its partner is left out. The
// statistic is Wilcoxon's signed-rank sum of the blocks' log ratios, with its exact p-value over all sign flips (at
// most 20 blocks; further ones are left out), so one stalled block weighs no more than its rank. For identical
// settings, "median of 5, more than 5 % apart" gives a false winner half of the time; ten blocks of this test, with p <
// 0.05 and 3 %, give one in at most one of twenty comparisons.
PairedResult compare_paired(const std::vector<double>& a, const std::vector<double>& b);

// Holm's step-down rule: which of the hypotheses with these p-values are rejected at family-wise level `alpha`.
std::vector<bool> holm(const std::vector<double>& p_values, double alpha);

}  // namespace tlaunch
