#include "checkpoint/folder/retention.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"

namespace tlaunch {
namespace {

void add(std::string& reasons, const std::string& reason) { reasons = joined({reasons, reason}, ", "); }

// Indices of the checkpoints that the policy may rank, best first.
std::vector<std::size_t> ranked(const std::vector<CheckpointInfo>& checkpoints, const RetentionPolicy& policy) {
  const auto metric = [&](std::size_t i) {
    const double value = checkpoints[i].metrics.at(policy.monitor);
    return policy.lower_is_better ? value : -value;
  };
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < checkpoints.size(); ++i) {
    const auto& one = checkpoints[i];
    const auto value = one.metrics.find(policy.monitor);
    if (one.valid && value != one.metrics.end() && std::isfinite(value->second)) found.push_back(i);
  }
  std::sort(found.begin(), found.end(), [&](std::size_t a, std::size_t b) {
    if (metric(a) != metric(b)) return metric(a) < metric(b);
    return checkpoints[a].step > checkpoints[b].step;
  });
  return found;
}

}  // namespace

RetentionPolicy retention_policy(const CheckpointConfig& config) {
  return {config.save_top_k, config.save_last, config.monitor, config.mode == MonitorMode::min};
}

std::vector<std::string> kept_because(const std::vector<CheckpointInfo>& checkpoints, const RetentionPolicy& policy,
                                      const std::set<std::string>& written, const std::string& resumed_from) {
  std::vector<std::string> reasons(checkpoints.size());
  std::vector<CheckpointInfo> own = checkpoints;  // other runs' checkpoints are not ranked
  for (auto& one : own) one.valid = one.valid && written.contains(one.path);

  if (policy.save_top_k > 0) {
    const auto best = ranked(own, policy);
    for (std::size_t i = 0; i < best.size() && i < static_cast<std::size_t>(policy.save_top_k); ++i)
      add(reasons[best[i]], format_text("best {} of {}", i + 1, policy.monitor));
  }
  const auto newest = std::max_element(own.begin(), own.end(), [](const auto& a, const auto& b) {
    return std::pair(a.valid, a.step) < std::pair(b.valid, b.step);
  });
  if (policy.save_last && newest != own.end() && newest->valid)
    add(reasons[static_cast<std::size_t>(newest - own.begin())], "last");
  for (std::size_t i = 0; i < checkpoints.size(); ++i) {
    if (policy.save_top_k < 0 && own[i].valid) add(reasons[i], "save_top_k -1");
    if (checkpoints[i].path == resumed_from) add(reasons[i], "resumed from");
    if (!checkpoints[i].valid)
      add(reasons[i], "not valid");
    else if (!own[i].valid)
      add(reasons[i], "not written by this run");
  }
  return reasons;
}

}  // namespace tlaunch
