#include "trainer/oom_injection.h"

#include <c10/util/Exception.h>

#include <regex>

#include "core/error.h"
#include "core/worker_env.h"

namespace tlaunch {

void OomInjection::at(StepPhase phase) {
  if (done_ || steps_left_ != 0 || phase != phase_) return;
  done_ = true;
  TORCH_CHECK_WITH(OutOfMemoryError, false, "out of memory, as ", env::inject_oom, " asks");
}

std::optional<OomInjection> oom_injection_from(const std::string& text, int rank) {
  if (text.empty()) return std::nullopt;
  static const std::regex form("rank=([0-9]{1,6}),step=([0-9]{1,12}),phase=(forward|backward|optimizer)");
  std::smatch found;
  if (!std::regex_match(text, found, form))
    throw UsageError(std::string("environment: ") + env::inject_oom + "='" + text +
                     "'; expected rank=R,step=N,phase=forward|backward|optimizer");
  if (std::stoi(found[1]) != rank) return std::nullopt;
  const auto phase = found[3] == "forward"    ? StepPhase::forward
                     : found[3] == "backward" ? StepPhase::backward
                                              : StepPhase::optimizer;
  return OomInjection(std::stoll(found[2]), phase);
}

}  // namespace tlaunch
