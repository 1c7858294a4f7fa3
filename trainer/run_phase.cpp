#include "trainer/run_phase.h"

#include <unistd.h>

#include <atomic>
#include <optional>
#include <regex>
#include <stdexcept>

#include "core/error.h"
#include "core/worker_env.h"

namespace tlaunch {
namespace {

std::atomic<std::int64_t> step_now{0}, passed_now{0};
std::atomic<RunPhase> phase_now{RunPhase::start_up};
std::atomic<int> waits_now{0};  // nested: a barrier is a sum
static_assert(std::atomic<std::int64_t>::is_always_lock_free && std::atomic<RunPhase>::is_always_lock_free);

constexpr auto relaxed = std::memory_order_relaxed;

struct HangPlace {
  std::int64_t step;
  RunPhase phase;
};
std::optional<HangPlace> hang_place;

void stand_still_where_asked() {
  if (hang_place && hang_place->step == step_now.load(relaxed) && hang_place->phase == phase_now.load(relaxed))
    while (true) ::pause();
}

}  // namespace

const char* to_string(RunPhase phase) {
  switch (phase) {
    case RunPhase::start_up: return "start_up";
    case RunPhase::loading: return "loading";
    case RunPhase::forward: return "forward";
    case RunPhase::backward: return "backward";
    case RunPhase::optimizer: return "optimizer";
    case RunPhase::evaluation: return "evaluation";
    case RunPhase::save: return "save";
    case RunPhase::detection: return "detection";
    case RunPhase::finish: return "finish";
  }
  throw std::logic_error("no such RunPhase");
}

void note_step(std::int64_t step) {
  step_now.store(step, relaxed);
  note_progress();
}

void note_phase(RunPhase phase) {
  phase_now.store(phase, relaxed);
  note_progress();
  stand_still_where_asked();
}

void note_progress() { passed_now.store(passed_now.load(relaxed) + 1, relaxed); }  // one thread writes

WorkPlace work_place() {
  return {step_now.load(relaxed), phase_now.load(relaxed), waits_now.load(relaxed) > 0, passed_now.load(relaxed)};
}

WaitsForOthers::WaitsForOthers() { waits_now.store(waits_now.load(relaxed) + 1, relaxed); }

WaitsForOthers::~WaitsForOthers() {
  waits_now.store(waits_now.load(relaxed) - 1, relaxed);
  note_progress();
}

void inject_hang(const std::string& text, int rank) {
  if (text.empty()) return;
  static const std::regex form("rank=([0-9]{1,6}),step=([0-9]{1,12}),phase=([a-z_]+)");
  std::smatch found;
  const bool reads = std::regex_match(text, found, form);
  std::string known;
  for (int i = 0; i <= static_cast<int>(RunPhase::finish); ++i) {
    const auto phase = static_cast<RunPhase>(i);
    known += (known.empty() ? "" : "|") + std::string(to_string(phase));
    if (!reads || found[3] != to_string(phase)) continue;
    if (std::stoi(found[1]) == rank) hang_place = HangPlace{std::stoll(found[2]), phase};
    return;
  }
  throw UsageError(std::string("environment: ") + env::inject_hang + "='" + text + "'; expected rank=R,step=N,phase=" + known);
}

}  // namespace tlaunch
