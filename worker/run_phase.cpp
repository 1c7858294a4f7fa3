#include "worker/run_phase.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <optional>
#include <regex>
#include <stdexcept>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "contract/worker_env.h"

namespace tlaunch {
namespace {

constexpr auto relaxed = std::memory_order_relaxed;

std::atomic<std::int64_t> step_now{0}, passed_now{0};
std::atomic<RunPhase> phase_now{RunPhase::start_up};
std::atomic<int> waits_now{0};  // a depth: waits nest, because a barrier is made of a sum
static_assert(std::atomic<std::int64_t>::is_always_lock_free && std::atomic<RunPhase>::is_always_lock_free);

using Clock = std::chrono::steady_clock;

std::atomic<std::int64_t> last_gradient_ns{0};
PhaseTimes times;
std::int64_t since_ns = 0;
std::function<void()> device_wait;
std::int64_t device_every = 0;
bool timed = true;  // whether the current step is timed

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now().time_since_epoch()).count();
}

bool within_a_step(RunPhase phase) { return phase >= RunPhase::loading && phase <= RunPhase::optimizer; }

// The time since the last boundary belongs to the phase that ends.
void count_time() {
  const RunPhase phase = phase_now.load(relaxed);
  if (device_wait && timed && within_a_step(phase)) device_wait();
  const std::int64_t now = now_ns(), gradient = last_gradient_ns.exchange(0, relaxed);
  if (timed || !within_a_step(phase)) {
    const double seconds = 1e-9 * static_cast<double>(now - since_ns);
    const bool exchanged = phase == RunPhase::backward && gradient > since_ns && !device_wait;
    const double exposed = exchanged ? 1e-9 * static_cast<double>(now - gradient) : 0;
    times.all_reduce_s += exposed;
    times.seconds[static_cast<std::size_t>(phase)] += seconds - exposed;
  }
  since_ns = now;
}

enum class Fault { hang, stop, kill, segv, leave };
constexpr std::array<const char*, 5> fault_names = {"hang", "stop", "kill", "segv", "leave"};

struct FaultPlace {
  std::int64_t step;
  RunPhase phase;
  Fault fault;
};
std::optional<FaultPlace> fault_place;

void fail_where_asked() {
  if (!fault_place || fault_place->step != step_now.load(relaxed) || fault_place->phase != phase_now.load(relaxed))
    return;
  switch (fault_place->fault) {
    case Fault::stop: ::raise(SIGSTOP); break;
    case Fault::kill: ::raise(SIGKILL); break;
    case Fault::segv: *static_cast<volatile int*>(nullptr) = 0; break;
    case Fault::leave: ::_exit(0);
    case Fault::hang: break;
  }
  while (true) ::pause();
}

}  // namespace

const char* to_string(RunPhase phase) {
  switch (phase) {
    case RunPhase::start_up: return "start_up";
    case RunPhase::loading: return "loading";
    case RunPhase::copy: return "copy";
    case RunPhase::forward: return "forward";
    case RunPhase::backward: return "backward";
    case RunPhase::optimizer: return "optimizer";
    case RunPhase::logging: return "logging";
    case RunPhase::evaluation: return "evaluation";
    case RunPhase::save: return "save";
    case RunPhase::detection: return "detection";
    case RunPhase::finish: return "finish";
  }
  throw std::logic_error("unknown RunPhase");
}

void note_step(std::int64_t step) {
  step_now.store(step, relaxed);
  timed = device_every == 0 || step % device_every == 0;
  ++times.steps;
  times.timed_steps += timed ? 1 : 0;
  note_progress();
}

void note_phase(RunPhase phase) {
  count_time();
  phase_now.store(phase, relaxed);
  note_progress();
  fail_where_asked();
}

void note_progress() { passed_now.store(passed_now.load(relaxed) + 1, relaxed); }  // one thread writes

PhaseTimes take_phase_times() {
  count_time();
  return std::exchange(times, {});
}

void note_last_gradient() { last_gradient_ns.store(now_ns(), relaxed); }

void time_steps_of_device(std::function<void()> wait, std::int64_t every) {
  device_wait = std::move(wait);
  device_every = every;
}

WorkPlace work_place() {
  return {step_now.load(relaxed), phase_now.load(relaxed), waits_now.load(relaxed) > 0, passed_now.load(relaxed)};
}

WaitsForOthers::WaitsForOthers() { waits_now.store(waits_now.load(relaxed) + 1, relaxed); }

WaitsForOthers::~WaitsForOthers() {
  waits_now.store(waits_now.load(relaxed) - 1, relaxed);
  note_progress();
}

void inject_fault(const std::string& text, int rank) {
  if (text.empty()) return;
  static const std::regex form("rank=([0-9]{1,6}),step=([0-9]{1,12}),phase=([a-z_]+),fault=([a-z]+)");
  std::smatch found;
  const bool reads = std::regex_match(text, found, form);
  std::optional<RunPhase> phase;
  std::optional<Fault> fault;
  std::vector<std::string> phases, faults;
  for (int i = 0; i <= static_cast<int>(RunPhase::finish); ++i) {
    const char* name = to_string(static_cast<RunPhase>(i));
    phases.emplace_back(name);
    if (reads && found[3] == name) phase = static_cast<RunPhase>(i);
  }
  for (std::size_t i = 0; i < fault_names.size(); ++i) {
    faults.emplace_back(fault_names[i]);
    if (reads && found[4] == fault_names[i]) fault = static_cast<Fault>(i);
  }
  if (!phase || !fault)
    throw UsageError(format_text("environment: {}={}; expected rank=R,step=N,phase={},fault={}", env::inject_fault,
                                 quoted(text), joined(phases, "|"), joined(faults, "|")));
  if (std::stoi(found[1]) == rank) fault_place = FaultPlace{std::stoll(found[2]), *phase, *fault};
}

}  // namespace tlaunch
