#include "trainer/memory/oom_injection.h"

#include <c10/util/Exception.h>

#include <regex>

#include "base/error.h"
#include "base/text.h"
#include "contract/worker_env.h"

namespace tlaunch {

void OomInjection::at(RunPhase phase) {
  if (times_left_ == 0 || steps_left_ != 0 || phase != phase_) return;
  --times_left_;
  TORCH_CHECK_WITH(OutOfMemoryError, false, "out of memory, injected by ", env::inject_oom);
}

std::optional<OomInjection> oom_injection_from(const std::string& text, int rank) {
  if (text.empty()) return std::nullopt;
  static const std::regex form("rank=([0-9]{1,6}),step=([0-9]{1,12}),phase=([a-z]+)(?:,times=([0-9]{1,3}))?");
  std::smatch found;
  const bool reads = std::regex_match(text, found, form);
  std::vector<std::string> known;
  for (const auto phase : {RunPhase::forward, RunPhase::backward, RunPhase::optimizer, RunPhase::evaluation,
                           RunPhase::detection, RunPhase::save}) {
    known.push_back(to_string(phase));
    if (!reads || found[3] != to_string(phase)) continue;
    if (std::stoi(found[1]) != rank) return std::nullopt;
    return OomInjection(std::stoll(found[2]), phase, found[4].matched ? std::stoll(found[4]) : 1);
  }
  throw UsageError(format_text("environment: {}={}; expected rank=R,step=N,phase={}[,times=N]", env::inject_oom,
                               quoted(text), joined(known, "|")));
}

}  // namespace tlaunch
